import { assert } from "@tombolo/base";
import { slotBytes } from "../native/layout.ts";

/**
 * The tunnel table's shared memory. One writer, the thread that controls the data plane; every worker reads.
 * Pages are touched only as tunnels are added, so a large capacity costs address space, not memory.
 */
export interface TableMemory {
  readonly capacity: number;
  /** `slotBytes` a tunnel, as in native/layout.ts. */
  readonly slots: SharedArrayBuffer;
  /** Open addressing from the far end's inner address to a slot: one word an entry. */
  readonly identities: SharedArrayBuffer;
  /** Open addressing from prefixes to slots: `prefixWords` words an entry, after the list of lengths in use. */
  readonly prefixes: SharedArrayBuffer;
}

/** An entry's first word: nothing here and nothing beyond, was removed, or slot + 1. */
export const entryEmpty = 0;
export const entryRemoved = -1;

export const prefixWords = 8;
export const prefixWord = {
  state: 0,
  /** Four address words. */
  address: 1,
  lengthBits: 5,
  /** 1: the prefix holds the two ends of the tunnel's link. */
  link: 6,
} as const;

/** Word 0 counts the lengths in use, the next ones list them, longest first. */
export const lengthListWords = 136;

/** Room for `capacity` tunnels of two prefixes each on average, at most half full. */
export function makeTableMemory(capacity: number): TableMemory {
  assert(Number.isInteger(capacity) && capacity >= 1 && capacity <= 4_000_000, "a table holds 1 to 4,000,000 tunnels");
  return {
    capacity,
    slots: new SharedArrayBuffer(capacity * slotBytes),
    identities: new SharedArrayBuffer(4 * identityEntries(capacity)),
    prefixes: new SharedArrayBuffer(4 * (lengthListWords + prefixWords * prefixEntries(capacity))),
  };
}

export function identityEntries(capacity: number): number {
  return powerOfTwo(2 * capacity);
}

export function prefixEntries(capacity: number): number {
  return powerOfTwo(4 * capacity + 64);
}

function powerOfTwo(atLeast: number): number {
  let size = 16;
  while (size < atLeast) size *= 2;
  return size;
}
