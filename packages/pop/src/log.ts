/** Every field a log line may carry, so that one thing has one name everywhere. Values never hold a secret. */
export interface LogFields {
  readonly account: string;
  readonly address: string;
  readonly aside: string;
  readonly at: number;
  readonly capacity: number;
  readonly client: string;
  readonly code: string;
  readonly count: number;
  readonly device: string;
  readonly door: string;
  readonly durationMs: number;
  readonly left: number;
  readonly outerIpv4: string;
  readonly path: string;
  readonly peer: string;
  readonly pop: string;
  readonly port: number;
  readonly reason: string;
  readonly refused: number;
  readonly removed: number;
  readonly retryMs: number;
  readonly revision: number;
  readonly set: number;
  readonly signal: string;
  readonly since: number;
  readonly skewSec: number;
  readonly tunnel: string;
  readonly tunnels: number;
  readonly url: string;
  readonly what: string;
  readonly workers: number;
}

/** One thing that happened: a dotted name such as `pop.stream.connected`, and fields. */
export type LogEvent = {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
} & { readonly [Field in keyof LogFields]?: LogFields[Field] | undefined };

export type Log = (event: LogEvent) => void;

/** The first line of whatever was thrown; stacks stay out of the log. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}
