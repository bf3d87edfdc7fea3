import { decodeLatin1, failure, success, type Result } from "@tombolo/base";
import type { TicTunnelType } from "@tombolo/protocols";

/*
 * The conversation on the control socket (unix, stream, mode 0600): one line of JSON asked, one line answered, then the server closes.
 *
 *   {"command":"status"}  →  {"version":1,"status":{…}}
 *   {"command":"down"}    →  {"version":1,"stopping":true,"pid":N}    the process ends soon after
 *   anything else         →  {"version":1,"error":"…"}
 */
export type ControlRequest = { readonly command: "status" } | { readonly command: "down" };

export type ControlAnswer =
  | { readonly version: 1; readonly status: StatusReport }
  | { readonly version: 1; readonly stopping: true; readonly pid: number }
  | { readonly version: 1; readonly error: string };

export const controlLimits = { requestBytes: 256, answerBytes: 262_144, patienceMs: 5_000, connections: 8 } as const;

/** What `tombolo status --json` prints; a promise to scripts: fields are added, never renamed. Times are ISO 8601 in UTC. */
export interface StatusReport {
  readonly device: string;
  readonly pid: number;
  readonly program: string;
  /**
   * connecting: never answered yet; up; silent: the PoP's answers stay away; offline: no IPv4 route to the PoP; waiting: for the next
   * login; stopping.
   */
  readonly state: "connecting" | "up" | "silent" | "offline" | "waiting" | "stopping";
  /** When the PoP first answered. */
  readonly provenAt: string | null;
  readonly tunnel: StatusTunnel | null;
  /** This host's own address towards the PoP; null without a route. */
  readonly source: string | null;
  /** This host's own UDP port; a NAT on the way may show another one to the PoP. */
  readonly sourcePort: number | null;
  readonly answer: { readonly at: string | null; readonly rttMs: number | null; readonly unansweredChecks: number } | null;
  readonly counters: StatusCounters | null;
  readonly drops: readonly StatusDrop[];
  /** Another interface's default route that wins over the tunnel's: answers from the tunnel's address leave by it, and are mostly lost there. */
  readonly outrankedBy: { readonly device: string; readonly metric: number } | null;
  /** When another program last changed the interface, and what it took: up, mtu, address, default-route. `failure` is set while that is so still. */
  readonly repair: { readonly at: string; readonly damage: readonly string[] } | null;
  readonly failure: { readonly code: string; readonly exitCode: number; readonly message: string } | null;
}

export interface StatusTunnel {
  readonly id: string;
  readonly pop: string;
  /** With a port where there is one: protocol 41 has none. */
  readonly popEndpoint: string;
  readonly encapsulation: TicTunnelType;
  readonly address: string;
  readonly gateway: string;
  readonly mtuBytes: number;
  readonly beatSec: number;
  readonly delegations: readonly string[];
}

export interface StatusCounters {
  readonly inPackets: number;
  readonly inBytes: number;
  readonly outPackets: number;
  readonly outBytes: number;
  readonly drops: number;
}

export interface StatusDrop {
  readonly reason: string;
  readonly count: number;
  readonly lastAt: string;
  readonly lastSource: string | null;
}

export type ControlFault = "too-long" | "not-json" | "unknown-command";

/** `line` is without its LF. */
export function decodeRequest(line: Uint8Array): Result<ControlRequest, ControlFault> {
  if (line.length > controlLimits.requestBytes) return failure("too-long");
  const parsed = parseObject(decodeLatin1(line));
  if (parsed === undefined) return failure("not-json");
  const command = parsed["command"];
  return command === "status" || command === "down" ? success({ command }) : failure("unknown-command");
}

export function encodeLine(message: ControlRequest | ControlAnswer): string {
  return `${JSON.stringify(message)}\n`;
}

/** An answer of another version of this program is refused as a whole, so that what passes has the shape above. */
export function decodeAnswer(text: string): ControlAnswer | undefined {
  const parsed = parseObject(text);
  return parsed !== undefined && isAnswer(parsed) ? parsed : undefined;
}

function isAnswer(parsed: Record<string, unknown>): parsed is Record<string, unknown> & ControlAnswer {
  if (parsed["version"] !== 1) return false;
  return (
    typeof parsed["error"] === "string" ||
    (parsed["stopping"] === true && typeof parsed["pid"] === "number") ||
    typeof parsed["status"] === "object"
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
