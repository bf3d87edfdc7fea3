import { monotonicMs, wallSec, type MonotonicClock, type WallClock } from "@tombolo/base";

/** Linux's CLOCK_MONOTONIC: stands still while the host sleeps. */
export const monotonicClock: MonotonicClock = { nowMs: () => monotonicMs(performance.now()) };

export const wallClock: WallClock = { nowSec: () => wallSec(Math.floor(Date.now() / 1000)) };
