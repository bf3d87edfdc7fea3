import { slotAt, slotBytes } from "../native/layout.ts";
import { entryEmpty, entryHole, identityEntries, identityHeaderWords, mayMoveBack, movesWord, type TableMemory } from "./memory.ts";
import { hashWords } from "./words.ts";

/** The writer's side of the index from the far end's inner address to its slot. */
export class IdentityIndex {
  readonly #words: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(memory: TableMemory) {
    this.#words = new Int32Array(memory.identities);
    this.#slots = new Int32Array(memory.slots);
    this.#mask = identityEntries(memory.capacity) - 1;
  }

  /** `slot` already holds the address. */
  insert(slot: number): void {
    let at = this.#home(slot);
    while (this.#entry(at) !== entryEmpty) at = (at + 1) & this.#mask;
    this.#store(at, slot + 1);
  }

  /** `slot` still holds the address. */
  remove(slot: number): void {
    let at = this.#home(slot);
    while (this.#entry(at) !== slot + 1) {
      if (this.#entry(at) === entryEmpty) return;
      at = (at + 1) & this.#mask;
    }
    this.#close(at);
  }

  #close(from: number): void {
    let hole = from;
    this.#store(hole, entryHole);
    for (let at = (hole + 1) & this.#mask; this.#entry(at) !== entryEmpty; at = (at + 1) & this.#mask) {
      const entry = this.#entry(at);
      if (!mayMoveBack(at, hole, this.#home(entry - 1), this.#mask)) continue;
      this.#store(hole, entry);
      Atomics.add(this.#words, movesWord, 1);
      this.#store(at, entryHole);
      hole = at;
    }
    this.#store(hole, entryEmpty);
  }

  #home(slot: number): number {
    const at = (slot * slotBytes + slotAt.remote) / 4;
    const words = this.#slots;
    return hashWords(words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0, 0) & this.#mask;
  }

  #entry(at: number): number {
    return this.#words[identityHeaderWords + at] ?? entryEmpty;
  }

  #store(at: number, entry: number): void {
    Atomics.store(this.#words, identityHeaderWords + at, entry);
  }
}
