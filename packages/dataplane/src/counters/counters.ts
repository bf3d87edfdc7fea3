import { dropReasons } from "../plane/drop-reasons.ts";

/** Per worker and tunnel: eight doubles, one cache line, written by that worker alone. */
export const counterFields = 8;
export const counter = {
  inPackets: 0,
  inBytes: 1,
  outPackets: 2,
  outBytes: 3,
  drops: 4,
  /** Wall clock, seconds, of the last packet that proved to be the tunnel's. */
  lastSeenSec: 5,
  /** The same, from the endpoint that traffic goes to. */
  lastFromEndpointSec: 6,
  /** The newest EpochTime that was accepted. */
  lastEpochSec: 7,
} as const;

export interface CounterMemory {
  /** One block a worker: `counterFields` doubles a slot. */
  readonly tunnels: readonly SharedArrayBuffer[];
  /** One block a worker: a double for each of `dropReasons`. */
  readonly reasons: readonly SharedArrayBuffer[];
}

export function makeCounterMemory(workers: number, capacity: number): CounterMemory {
  const blocks = (bytes: number): SharedArrayBuffer[] => Array.from({ length: workers }, () => new SharedArrayBuffer(bytes));
  return { tunnels: blocks(capacity * counterFields * 8), reasons: blocks(dropReasons.length * 8) };
}

/** Reads over all workers, with what was there when a slot was given to another tunnel taken off. */
export class CounterReader {
  readonly #tunnels: readonly Float64Array[];
  readonly #reasons: readonly Float64Array[];
  readonly #base = new Map<number, Float64Array>();

  constructor(memory: CounterMemory) {
    this.#tunnels = memory.tunnels.map((block) => new Float64Array(block));
    this.#reasons = memory.reasons.map((block) => new Float64Array(block));
  }

  /** Sum over workers of one of inPackets to drops, since the slot was last given away. */
  sum(slot: number, field: number): number {
    return this.#raw(slot, field) - (this.#base.get(slot)?.[field] ?? 0);
  }

  /** The newest over workers of one of the time fields, seconds; 0 for never since the slot was last given away. */
  newest(slot: number, field: number): number {
    const value = Math.max(...this.#tunnels.map((block) => block[slot * counterFields + field] ?? 0));
    return value > (this.#base.get(slot)?.[field] ?? 0) ? value : 0;
  }

  /** Workers alone write their blocks, so a slot's new tunnel starts from what its old one left. */
  rebase(slot: number): void {
    const base = Float64Array.from({ length: counterFields }, (_, field) => this.#raw(slot, field));
    for (const field of [counter.lastSeenSec, counter.lastFromEndpointSec, counter.lastEpochSec]) {
      base[field] = Math.max(...this.#tunnels.map((block) => block[slot * counterFields + field] ?? 0));
    }
    // Most slots are given away for the first time, and a million tunnels need no million arrays of zeros.
    if (base.some((value) => value !== 0)) this.#base.set(slot, base);
    else this.#base.delete(slot);
  }

  /** Drops of one reason over all tunnels and workers, those of no tunnel included. */
  reason(index: number): number {
    return this.#reasons.reduce((sum, block) => sum + (block[index] ?? 0), 0);
  }

  #raw(slot: number, field: number): number {
    return this.#tunnels.reduce((sum, block) => sum + (block[slot * counterFields + field] ?? 0), 0);
  }
}
