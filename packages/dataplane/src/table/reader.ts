import { encapsulations, slotAt, slotBytes, slotFlags } from "../native/layout.ts";
import {
  entryEmpty,
  identityEntries,
  identityHeaderWords,
  lengthListsAt,
  lengthListWord,
  lengthListWords,
  movesWord,
  prefixEntries,
  prefixHeaderWords,
  prefixWord,
  prefixWords,
  type TableMemory,
} from "./memory.ts";
import { hashWords, maskWords } from "./words.ts";

const slotWords = slotBytes / 4;
const localWord = slotAt.local / 4;
const remoteWord = slotAt.remote / 4;
/** How often a look-up begins again because entries moved meanwhile; a writer is not that fast. */
const mostTries = 8;
const mostBudgetBytes = 2 ** 30;

/**
 * What a worker sees of the tunnel table. Nothing here allocates: a look-up answers a slot, -1 for none,
 * and leaves what else it found in fields of this object until the next look-up.
 */
export class TableReader {
  /** After findByAddress: the prefix that matched holds the tunnel's two ends. */
  foundLink = false;
  /** After readEndpoint. */
  endpointIp = 0;
  endpointPort = 0;
  endpointFlags = 0;
  readonly words: Int32Array;
  readonly #identities: Int32Array;
  readonly #identityMask: number;
  readonly #prefixes: Int32Array;
  readonly #prefixMask: number;

  constructor(memory: TableMemory) {
    this.words = new Int32Array(memory.slots);
    this.#identities = new Int32Array(memory.identities);
    this.#identityMask = identityEntries(memory.capacity) - 1;
    this.#prefixes = new Int32Array(memory.prefixes);
    this.#prefixMask = prefixEntries(memory.capacity) - 1;
  }

  /** The slot whose far end has the inner address of these four words. */
  findByIdentity(a: number, b: number, c: number, d: number): number {
    for (let tries = 0; ; tries += 1) {
      const moves = Atomics.load(this.#identities, movesWord);
      const slot = this.#seekIdentity(a, b, c, d);
      if (slot >= 0 || Atomics.load(this.#identities, movesWord) === moves || tries === mostTries) return slot;
    }
  }

  #seekIdentity(a: number, b: number, c: number, d: number): number {
    const entries = this.#identities;
    const mask = this.#identityMask;
    for (let at = hashWords(a, b, c, d, 0) & mask, probes = 0; probes <= mask; at = (at + 1) & mask, probes += 1) {
      const state = Atomics.load(entries, identityHeaderWords + at);
      if (state === entryEmpty) return -1;
      if (state > 0 && this.isRemote(state - 1, a, b, c, d)) return state - 1;
    }
    return -1;
  }

  /** The slot with the longest prefix around the address of these four words. */
  findByAddress(a: number, b: number, c: number, d: number): number {
    const words = this.#prefixes;
    for (let tries = 0; ; tries += 1) {
      const moves = Atomics.load(words, movesWord);
      const slot = this.#seekAddress(a, b, c, d);
      if (Atomics.load(words, movesWord) === moves || tries === mostTries) return slot;
    }
  }

  #seekAddress(a: number, b: number, c: number, d: number): number {
    const words = this.#prefixes;
    const list = lengthListsAt + Atomics.load(words, lengthListWord) * lengthListWords;
    const lengths = words[list] ?? 0;
    for (let i = 1; i <= lengths; i += 1) {
      const slot = this.#seekPrefix(a, b, c, d, words[list + i] ?? 0);
      if (slot >= 0) return slot;
    }
    return -1;
  }

  #seekPrefix(a: number, b: number, c: number, d: number, lengthBits: number): number {
    const words = this.#prefixes;
    const mask = this.#prefixMask;
    const a1 = a & (maskWords[4 * lengthBits] ?? 0);
    const b1 = b & (maskWords[4 * lengthBits + 1] ?? 0);
    const c1 = c & (maskWords[4 * lengthBits + 2] ?? 0);
    const d1 = d & (maskWords[4 * lengthBits + 3] ?? 0);
    for (let i = hashWords(a1, b1, c1, d1, lengthBits) & mask, probes = 0; probes <= mask; i = (i + 1) & mask, probes += 1) {
      const at = prefixHeaderWords + i * prefixWords;
      const state = Atomics.load(words, at);
      if (state === entryEmpty) return -1;
      if (
        state > 0 &&
        words[at + prefixWord.address] === a1 &&
        words[at + prefixWord.address + 1] === b1 &&
        words[at + prefixWord.address + 2] === c1 &&
        words[at + prefixWord.address + 3] === d1 &&
        words[at + prefixWord.lengthBits] === lengthBits
      ) {
        this.foundLink = words[at + prefixWord.link] === 1;
        // The entry may have been given to another prefix meanwhile; then this packet finds nothing.
        return Atomics.load(words, at) === state ? state - 1 : -1;
      }
    }
    return -1;
  }

  isLocal(slot: number, a: number, b: number, c: number, d: number): boolean {
    const at = slot * slotWords + localWord;
    const words = this.words;
    return words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d;
  }

  isRemote(slot: number, a: number, b: number, c: number, d: number): boolean {
    const at = slot * slotWords + remoteWord;
    const words = this.words;
    return words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d;
  }

  /** One word of a slot by its place in `slotAt`; right for fields that are read alone. */
  word(slot: number, at: number): number {
    return this.words[slot * slotWords + (at >> 2)] ?? 0;
  }

  isEnabled(slot: number): boolean {
    return (this.word(slot, slotAt.flags) & slotFlags.enabled) !== 0;
  }

  isAyiya(slot: number): boolean {
    return this.word(slot, slotAt.encapsulation) === encapsulations.ayiya;
  }

  /** Address, port and flags as one consistent reading, left in this object's fields (sequence lock). */
  readEndpoint(slot: number): void {
    const at = slot * slotWords;
    const words = this.words;
    for (let tries = 0; tries < 1000; tries += 1) {
      const before = Atomics.load(words, at);
      if ((before & 1) === 0) {
        // Atomic, because a processor may otherwise read these after the second look at the sequence.
        this.endpointIp = Atomics.load(words, at + slotAt.endpointIp / 4);
        this.endpointPort = Atomics.load(words, at + slotAt.endpointPort / 4);
        this.endpointFlags = Atomics.load(words, at + slotAt.flags / 4);
        if (Atomics.load(words, at) === before) return;
      }
    }
    // The writer holds a slot for nanoseconds; one that was stopped inside leaves the tunnel without endpoint until it goes on.
    this.endpointFlags = 0;
  }

  /** Whether the slot's endpoint is this one; leaves what it read in this object's fields. Addresses compare as the same 32 bits. */
  isEndpoint(slot: number, ip: number, port: number): boolean {
    this.readEndpoint(slot);
    return (this.endpointFlags & slotFlags.hasEndpoint) !== 0 && this.endpointIp === (ip | 0) && this.endpointPort === port;
  }

  /** Adds to what may be sent to an unproven endpoint. Bounded, so that one that only ever sends cannot overflow it. */
  addBudget(slot: number, bytes: number): void {
    const at = slot * slotWords + slotAt.budgetBytes / 4;
    if (Atomics.load(this.words, at) < mostBudgetBytes) Atomics.add(this.words, at, bytes);
  }

  /** Takes from it; false, and nothing taken, when there is not so much. */
  takeBudget(slot: number, bytes: number): boolean {
    const at = slot * slotWords + slotAt.budgetBytes / 4;
    if (Atomics.sub(this.words, at, bytes) >= bytes) return true;
    Atomics.add(this.words, at, bytes);
    return false;
  }
}
