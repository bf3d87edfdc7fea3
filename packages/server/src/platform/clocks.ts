import { monotonicMs, wallSec, type MonotonicClock, type WallClock } from "@tombolo/base";
import type { Timers } from "@tombolo/pop";

export const systemMonotonic: MonotonicClock = { nowMs: () => monotonicMs(performance.now()) };

export const systemWall: WallClock = { nowSec: () => wallSec(Math.floor(Date.now() / 1000)) };

export const systemTimers: Timers = {
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
