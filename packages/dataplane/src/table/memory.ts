import { assert } from "@tombolo/base";
import { slotBytes } from "../native/layout.ts";

/**
 * The tunnel table's shared memory. One writer, the thread that controls the data plane; every worker reads.
 * Pages are touched only as tunnels are added, so a large capacity costs address space, not memory.
 *
 * Both indexes are open addressing with linear probing. A removal moves later entries of its chain back over the hole, so
 * that chains never grow however often tunnels come and go. While it works an entry may be in two places, never in none
 * that a reader has still before it, unless that reader passed already: for those each index counts its moves, and a
 * reader that sees the count change looks again.
 */
export interface TableMemory {
  readonly capacity: number;
  /** `slotBytes` a tunnel, as in native/layout.ts. */
  readonly slots: SharedArrayBuffer;
  /** From the far end's inner address to a slot: `identityHeaderWords`, then one word an entry. */
  readonly identities: SharedArrayBuffer;
  /** From prefixes to slots: `prefixHeaderWords`, then `prefixWords` words an entry. */
  readonly prefixes: SharedArrayBuffer;
}

/** An entry's first word: nothing here and nothing beyond, a hole being closed, or slot + 1. */
export const entryEmpty = 0;
export const entryHole = -1;

/** Word 0 of both indexes counts moved entries; it stands on a cache line of its own. */
export const movesWord = 0;
export const identityHeaderWords = 16;

/** Which of two lists of lengths holds, so that a change of lengths is one store. */
export const lengthListWord = 16;
/** A list: its count, then the lengths in use, longest first. */
export const lengthListWords = 144;
export const lengthListsAt = 32;
export const prefixHeaderWords: number = lengthListsAt + 2 * lengthListWords;

export const prefixWords = 8;
export const prefixWord = {
  state: 0,
  /** Four address words. */
  address: 1,
  lengthBits: 5,
  /** 1: the prefix is the tunnel's link, whose only hosts are the two ends. */
  link: 6,
} as const;

/** Room for `capacity` tunnels of two prefixes each on average, at most half full. */
export function makeTableMemory(capacity: number): TableMemory {
  assert(Number.isInteger(capacity) && capacity >= 1 && capacity <= 4_000_000, "a table holds 1 to 4,000,000 tunnels");
  return {
    capacity,
    slots: new SharedArrayBuffer(capacity * slotBytes),
    identities: new SharedArrayBuffer(4 * (identityHeaderWords + identityEntries(capacity))),
    prefixes: new SharedArrayBuffer(4 * (prefixHeaderWords + prefixWords * prefixEntries(capacity))),
  };
}

export function identityEntries(capacity: number): number {
  return powerOfTwo(2 * capacity);
}

export function prefixEntries(capacity: number): number {
  return powerOfTwo(4 * capacity + 64);
}

/** True when an entry at `at` may move back to `hole` and still be found from its `home`; all three are places of one index. */
export function mayMoveBack(at: number, hole: number, home: number, mask: number): boolean {
  return ((at - home) & mask) >= ((at - hole) & mask);
}

function powerOfTwo(atLeast: number): number {
  let size = 16;
  while (size < atLeast) size *= 2;
  return size;
}
