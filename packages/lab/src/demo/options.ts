import { parseArgs } from "node:util";

export interface DemoOptions {
  readonly json: boolean;
  readonly keep: boolean;
  readonly help: boolean;
}

export const demoUsage: string = [
  "usage: npm run demo -- [--json] [--keep]",
  "  Builds a small Internet in network namespaces and shows that a client behind NAT gets IPv6 through our broker, our PoP",
  "  and our client; that traffic goes on when the broker dies, and comes back when the client changes its IPv4 address.",
  "  Takes well under two minutes, needs root, touches nothing outside of its namespaces, leaves nothing behind.",
  "  --json   one JSON object on standard output at the end, and no story",
  "  --keep   keep everything running at the end, and say how to look around; Ctrl-C removes it",
  "  --help   this text",
  "exit: 0 every step succeeded; 1 a step failed; 2 wrong usage; 3 no namespaces here (not root, or a program is missing);",
  "      128 + signal when interrupted",
].join("\n");

export function readDemoOptions(
  words: readonly string[],
): { readonly ok: true; readonly value: DemoOptions } | { readonly ok: false; readonly fault: string } {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { json: { type: "boolean" }, keep: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    return { ok: true, value: { json: values.json ?? false, keep: values.keep ?? false, help: values.help ?? false } };
  } catch (error) {
    return { ok: false, fault: error instanceof Error ? error.message : String(error) };
  }
}
