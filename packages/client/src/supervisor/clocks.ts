import { pace } from "./pace.ts";
import type { Clocks } from "./state.ts";

/**
 * By how many seconds the wall clock moved against the monotonic one between two readings; undefined when that is within the noise.
 * Positive after a suspend (the monotonic clock stands still then) and when the clock was set forward.
 */
export function clockJumpSec(before: Clocks | undefined, after: Clocks): number | undefined {
  if (before === undefined) return undefined;
  const jumpMs = (after.wall - before.wall) * 1000 - (after.monotonic - before.monotonic);
  return Math.abs(jumpMs) > pace.jumpMs ? Math.round(jumpMs / 1000) : undefined;
}
