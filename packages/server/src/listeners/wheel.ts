import { afterMs, type MonotonicClock, type MonotonicMs } from "@tombolo/base";
import type { Timers } from "@tombolo/pop";

/** One deadline of one owner; moving it costs two set operations and no timer. */
export interface WheelEntry {
  /** Replaces the deadline; undefined clears it. */
  set(at: MonotonicMs | undefined): void;
}

/** Thousands of deadlines on one timer. A deadline comes up to one tick late, never early. */
export interface Wheel {
  entry(onDue: () => void): WheelEntry;
}

const tickMs = 100;

interface Slot {
  /** Where it waits; "due" between being taken out of its tick and being run. */
  tick: number | "due" | undefined;
  readonly onDue: () => void;
}

export function makeWheel(clock: MonotonicClock, timers: Timers): Wheel {
  const ticks = new Map<number, Set<Slot>>();
  let turned = 0;
  let turning = false;

  const turn = (): void => {
    const now = Math.floor(clock.nowMs() / tickMs);
    // All that is due is taken out before any of it runs: what runs may set deadlines anew.
    const due: Slot[] = [];
    for (; turned <= now; turned += 1) {
      for (const slot of ticks.get(turned) ?? []) {
        slot.tick = "due";
        due.push(slot);
      }
      ticks.delete(turned);
    }
    turning = ticks.size > 0;
    if (turning) timers.after(tickMs, turn);
    for (const slot of due) {
      if (slot.tick !== "due") continue;
      slot.tick = undefined;
      slot.onDue();
    }
  };

  const place = (slot: Slot, at: MonotonicMs | undefined): void => {
    if (typeof slot.tick === "number") take(ticks, slot.tick, slot);
    slot.tick = undefined;
    if (at === undefined) return;
    if (!turning) {
      turned = Math.max(turned, Math.floor(clock.nowMs() / tickMs));
      turning = true;
      timers.after(tickMs, turn);
    }
    slot.tick = Math.max(Math.ceil(at / tickMs), turned);
    const slots = ticks.get(slot.tick);
    if (slots === undefined) ticks.set(slot.tick, new Set([slot]));
    else slots.add(slot);
  };

  return {
    entry(onDue) {
      const slot: Slot = { tick: undefined, onDue };
      return { set: (at) => place(slot, at) };
    },
  };
}

/** Empty ticks go, so that the map holds no more keys than there are different deadlines. */
function take(ticks: Map<number, Set<Slot>>, tick: number, slot: Slot): void {
  const slots = ticks.get(tick);
  slots?.delete(slot);
  if (slots?.size === 0) ticks.delete(tick);
}

export function inMs(clock: MonotonicClock, delayMs: number): MonotonicMs {
  return afterMs(clock.nowMs(), delayMs);
}
