import { slotAt, slotBytes } from "../native/layout.ts";
import { entryEmpty, entryRemoved, identityEntries, type TableMemory } from "./memory.ts";
import { hashWords } from "./words.ts";

/** The writer's side of the index from the far end's inner address to its slot. */
export class IdentityIndex {
  readonly #entries: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(memory: TableMemory) {
    this.#entries = new Int32Array(memory.identities);
    this.#slots = new Int32Array(memory.slots);
    this.#mask = identityEntries(memory.capacity) - 1;
  }

  /** `slot` already holds the address. */
  insert(slot: number): void {
    for (let at = this.#start(slot); ; at = (at + 1) & this.#mask) {
      if ((this.#entries[at] ?? 0) > 0) continue;
      Atomics.store(this.#entries, at, slot + 1);
      return;
    }
  }

  /** `slot` still holds the address. */
  remove(slot: number): void {
    const entries = this.#entries;
    for (let at = this.#start(slot), probes = 0; probes <= this.#mask; at = (at + 1) & this.#mask, probes += 1) {
      if (entries[at] === entryEmpty) return;
      if (entries[at] !== slot + 1) continue;
      Atomics.store(entries, at, entryRemoved);
      if (entries[(at + 1) & this.#mask] !== entryEmpty) return;
      for (let i = at; entries[i] === entryRemoved; i = (i - 1) & this.#mask) Atomics.store(entries, i, entryEmpty);
      return;
    }
  }

  #start(slot: number): number {
    const at = (slot * slotBytes + slotAt.remote) / 4;
    const words = this.#slots;
    return hashWords(words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0, 0) & this.#mask;
  }
}
