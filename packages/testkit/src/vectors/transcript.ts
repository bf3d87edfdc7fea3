/**
 * A TIC or TSP session as a page to read: prose with its origin, settings as `- name: value`, a fenced block `transcript`
 * with one of these on each line, and a fenced block `events` with what the session asked and noted, in order.
 *
 *     C: what the client sends, ended by LF
 *     S: what the server sends
 *     wait 1500        so many milliseconds pass
 *     TLS begins
 *     C closes
 *     S closes
 */
export interface Transcript {
  readonly title: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly steps: readonly TranscriptStep[];
  readonly events: readonly string[];
}

export type TranscriptStep =
  | { readonly kind: "client" | "server"; readonly line: string }
  | { readonly kind: "wait"; readonly durationMs: number }
  | { readonly kind: "tls-begins" }
  | { readonly kind: "client-closes" }
  | { readonly kind: "server-closes" };

export function parseTranscript(text: string): Transcript {
  const title = /^# (.+)$/m.exec(text)?.[1];
  if (title === undefined || !/^Origin: \S/m.test(text)) throw new Error("a transcript has a title and names its origin");
  const settings = new Map([...text.matchAll(/^- ([a-z]+): (.+)$/gm)].map(([, name = "", value = ""]) => [name, value]));
  return { title, settings, steps: fenced(text, "transcript").map(parseStep), events: fenced(text, "events") };
}

function fenced(text: string, kind: string): readonly string[] {
  const block = new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(text)?.[1];
  if (block === undefined) throw new Error(`a transcript has a block "${kind}"`);
  return block.split("\n").slice(0, -1);
}

function parseStep(text: string): TranscriptStep {
  if (text === "C closes") return { kind: "client-closes" };
  if (text === "TLS begins") return { kind: "tls-begins" };
  if (text === "S closes") return { kind: "server-closes" };
  const wait = /^wait (\d+)$/.exec(text)?.[1];
  if (wait !== undefined) return { kind: "wait", durationMs: Number(wait) };
  const [, who, line = ""] = /^([CS]):(?: (.*))?$/.exec(text) ?? [];
  if (who === undefined) throw new Error(`not a step of a transcript: ${text}`);
  return { kind: who === "C" ? "client" : "server", line };
}
