declare const monotonic: unique symbol;
declare const wall: unique symbol;

/** Milliseconds since an arbitrary start; only differences mean anything. For deadlines. */
export type MonotonicMs = number & { readonly [monotonic]: true };

/** Seconds since 1970-01-01 UTC, may jump. For timestamps on the wire and in the store. */
export type WallSec = number & { readonly [wall]: true };

export interface MonotonicClock {
  nowMs(): MonotonicMs;
}

export interface WallClock {
  /** Whole seconds. */
  nowSec(): WallSec;
}

export function monotonicMs(value: number): MonotonicMs {
  return value as MonotonicMs;
}

export function wallSec(value: number): WallSec {
  return value as WallSec;
}

export function afterMs(start: MonotonicMs, durationMs: number): MonotonicMs {
  return (start + durationMs) as MonotonicMs;
}

export function afterSec(start: WallSec, durationSec: number): WallSec {
  return (start + durationSec) as WallSec;
}
