import { decodeLatin1, failure, success, type Result } from "@tombolo/base";

/*
 * The conversation on a PoP's control socket (unix, stream, mode 0600): one line of JSON asked, then lines of JSON until it closes.
 *
 *   {"command":"show","tunnel":1001}                 →  {"version":1,"show":{…}}
 *   {"command":"totals"}                             →  {"version":1,"totals":{…}}
 *   {"command":"trace","tunnel":1001,"seconds":60}   →  {"version":1,"tracing":60}, then {"decision":{…}} as they come, {"end":"…"}
 *   anything else                                    →  {"version":1,"error":"…"}
 */
export type PopRequest =
  | { readonly command: "show"; readonly tunnel: number }
  | { readonly command: "totals" }
  | { readonly command: "trace"; readonly tunnel: number; readonly seconds: number };

export type PopAnswer =
  | { readonly version: 1; readonly show: TunnelReport }
  | { readonly version: 1; readonly totals: TotalsReport }
  | { readonly version: 1; readonly tracing: number }
  | { readonly version: 1; readonly error: PopControlError };

/** What follows `tracing`. */
export type TraceLine = { readonly decision: DecisionReport } | { readonly end: "time" | "tunnel-gone" };

export type PopRequestFault = "too-long" | "not-json" | "command-unknown" | "tunnel-malformed" | "seconds-malformed";
export type PopControlError = PopRequestFault | "tunnel-unknown" | "not-forwarding";

export const popControlLimits = {
  requestBytes: 256,
  answerBytes: 1_048_576,
  connections: 16,
  patienceMs: 5_000,
  traceSec: 600,
  /** A reader that is slower than its trace loses decisions; so many bytes wait for it. */
  waitingBytes: 262_144,
} as const;

/** Times are seconds since 1970 UTC, endpoints `192.0.2.1:5072` or, without ports, `192.0.2.1`. Fields are added, never renamed. */
export interface TunnelReport {
  readonly pop: string;
  readonly tunnel: number;
  readonly type: string;
  /** `unproven`: a configured endpoint that has not answered yet. */
  readonly state: "disabled" | "down" | "up" | "unproven";
  readonly stateSince: number | null;
  readonly endpoint: string | null;
  readonly endpointProven: boolean;
  readonly lastSeenAt: number | null;
  readonly lastBeatAt: number | null;
  readonly inPackets: number;
  readonly inBytes: number;
  readonly outPackets: number;
  readonly outBytes: number;
  readonly latency: LatencyReport | null;
  readonly drops: readonly DropReport[];
}

export interface LatencyReport {
  readonly at: number;
  readonly sent: number;
  readonly received: number;
  readonly minMs: number;
  readonly avgMs: number;
  readonly maxMs: number;
}

export interface DropReport {
  /** A drop reason of the data plane, or `beat-` and a refusal of beats. */
  readonly reason: string;
  /** The error class that sixxsd's status page had for it. */
  readonly class: string | null;
  readonly count: number;
  readonly lastAt: number;
  readonly lastSource: string | null;
  /** Hexadecimal, of at most 128 bytes. */
  readonly lastBytes: string;
}

export interface TotalsReport {
  readonly pop: string;
  readonly tunnels: number;
  readonly up: number;
  readonly inPackets: number;
  readonly inBytes: number;
  readonly outPackets: number;
  readonly outBytes: number;
  /** By reason; beats that were refused are among them, with `beat-` before their reason. */
  readonly drops: Readonly<Record<string, number>>;
  readonly beats: number;
}

export interface DecisionReport {
  readonly at: number;
  readonly direction: "in" | "out";
  readonly decision: string;
  readonly reason: string | null;
  readonly source: string | null;
  readonly length: number;
  readonly summary: string;
}

/** `line` is without its LF. */
export function decodePopRequest(line: Uint8Array): Result<PopRequest, PopRequestFault> {
  if (line.length > popControlLimits.requestBytes) return failure("too-long");
  const fields = parseObject(decodeLatin1(line));
  if (fields === undefined) return failure("not-json");
  const { command, tunnel, seconds } = fields;
  if (command === "totals") return success({ command });
  if (command !== "show" && command !== "trace") return failure("command-unknown");
  if (!isWhole(tunnel, 1, 2 ** 31 - 1)) return failure("tunnel-malformed");
  if (command === "show") return success({ command, tunnel });
  if (!isWhole(seconds, 1, popControlLimits.traceSec)) return failure("seconds-malformed");
  return success({ command, tunnel, seconds });
}

export function encodePopLine(message: PopRequest | PopAnswer | TraceLine): string {
  return `${JSON.stringify(message)}\n`;
}

/** An answer of another version is none. What passes is this program's own, so that its inner fields are taken as they are. */
export function decodePopAnswer(line: string): PopAnswer | undefined {
  const fields = parseObject(line);
  if (fields?.["version"] !== 1) return undefined;
  const known = ["show", "totals", "tracing", "error"].some((name) => fields[name] !== undefined);
  return known ? (fields as unknown as PopAnswer) : undefined;
}

export function decodeTraceLine(line: string): TraceLine | undefined {
  const fields = parseObject(line);
  return fields !== undefined && ("decision" in fields || "end" in fields) ? (fields as unknown as TraceLine) : undefined;
}

function isWhole(value: unknown, low: number, high: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
