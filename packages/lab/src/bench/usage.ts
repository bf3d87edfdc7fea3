import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly json: boolean;
  readonly only: string;
  readonly help: boolean;
}

export const benchUsage: string = [
  "usage: npm run bench -- [--json] [--only PREFIX]",
  "  Measures our data plane beside raw veth, OpenVPN and wireguard-go, in namespaces on this machine. Needs root.",
  "  --json          one JSON object on standard output; progress goes to standard error either way",
  "  --only PREFIX   only the rows whose names begin so: ayiya.tcp, table, ayiya.ping, flood, probe, tic, or a whole name",
  "  --help          this text",
  "exit: 0 every chosen row was measured (above or below its goal); 1 a row could not be measured; 2 wrong usage;",
  "      3 no namespaces here (not root, or a program is missing)",
].join("\n");

/** Undefined: the words make no sense, for the reason in `fault`. */
export function readBenchOptions(
  words: readonly string[],
): { readonly ok: true; readonly value: BenchOptions } | { readonly ok: false; readonly fault: string } {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { json: { type: "boolean" }, only: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    return { ok: true, value: { json: values.json ?? false, only: values.only ?? "", help: values.help ?? false } };
  } catch (error) {
    return { ok: false, fault: error instanceof Error ? error.message : String(error) };
  }
}
