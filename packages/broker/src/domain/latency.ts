import type { WallSec } from "@tombolo/base";
import type { TunnelId } from "./types.ts";

/** How fine a history is; what is finer is kept for less long. */
export type LatencyStep = "5min" | "hour" | "day";

export const latencySteps: readonly LatencyStep[] = ["5min", "hour", "day"];

export const latencyStepSec: Readonly<Record<LatencyStep, number>> = { "5min": 300, hour: 3_600, day: 86_400 };

/** One round of echo requests from the PoP to a tunnel's far end. */
export interface LatencyRound {
  readonly tunnel: TunnelId;
  readonly at: WallSec;
  readonly sent: number;
  readonly received: number;
  /** 0, like the two others, when nothing was received. */
  readonly minMs: number;
  readonly avgMs: number;
  readonly maxMs: number;
}

/** All rounds of one step, which begins at `at`. */
export interface LatencyPoint {
  readonly at: WallSec;
  readonly sent: number;
  readonly received: number;
  /** Of what was received; undefined when nothing was. */
  readonly ms: { readonly min: number; readonly avg: number; readonly max: number } | undefined;
}

/** A round that is reported later than this is refused: what it belongs to may be folded and forgotten. */
export const latestRoundSec = 86_400;

const mostEchoes = 10_000;
const longestMs = 3_600_000;

/** The figures fit each other, whoever sent them. */
export function isRound({ sent, received, minMs, avgMs, maxMs }: Omit<LatencyRound, "tunnel" | "at">): boolean {
  if (![sent, received].every((count) => Number.isSafeInteger(count) && count >= 0 && count <= mostEchoes)) return false;
  if (sent === 0 || received > sent) return false;
  if (received === 0) return minMs === 0 && avgMs === 0 && maxMs === 0;
  return minMs >= 0 && minMs <= avgMs && avgMs <= maxMs && maxMs <= longestMs;
}
