import { randomBytes } from "node:crypto";
import { monotonicMs, wallSec, type MonotonicClock, type Random, type WallClock } from "@tombolo/base";

// The one place of this package where time and chance are taken from the air.

/** Linux's CLOCK_MONOTONIC: stands still while the host sleeps. */
export const monotonicClock: MonotonicClock = { nowMs: () => monotonicMs(performance.now()) };

export const wallClock: WallClock = { nowSec: () => wallSec(Math.floor(Date.now() / 1000)) };

export const random: Random = (length) => randomBytes(length);
