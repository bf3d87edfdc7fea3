import { formatPrefix, type Ipv6Prefix } from "@tombolo/base";
import { entryEmpty, entryRemoved, lengthListWords, prefixEntries, prefixWord, prefixWords, type TableMemory } from "./memory.ts";
import { hashWords, writeAddressWords } from "./words.ts";

/** The writer's side of the prefix entries; TableReader has the look-up. */
export class PrefixIndex {
  readonly #entries: Int32Array;
  readonly #mask: number;
  readonly #counts = new Map<number, number>();
  readonly #key = new Int32Array(4);
  #live = 0;
  #removed = 0;

  constructor(memory: TableMemory) {
    this.#entries = new Int32Array(memory.prefixes);
    this.#mask = prefixEntries(memory.capacity) - 1;
  }

  /** False when `count` more entries would make look-ups slow; the table is then full. */
  hasRoom(count: number): boolean {
    return this.#live + count <= (this.#mask + 1) * 0.75;
  }

  /** The slot that holds exactly this prefix, or -1. */
  find(prefix: Ipv6Prefix): number {
    const at = this.#seek(prefix);
    return at < 0 ? -1 : (this.#entries[at] ?? 0) - 1;
  }

  insert(prefix: Ipv6Prefix, slot: number, isLink: boolean): void {
    let at = this.#seek(prefix);
    if (at < 0) {
      at = this.#seekFree(prefix);
      if (this.#entries[at] === entryRemoved) this.#removed -= 1;
      this.#live += 1;
      this.#countLength(prefix.lengthBits, 1);
    }
    const entries = this.#entries;
    writeAddressWords(entries, at + prefixWord.address, prefix.address);
    entries[at + prefixWord.lengthBits] = prefix.lengthBits;
    entries[at + prefixWord.link] = isLink ? 1 : 0;
    Atomics.store(entries, at, slot + 1);
  }

  /** Removes the prefix if `slot` holds it. */
  remove(prefix: Ipv6Prefix, slot: number): void {
    const at = this.#seek(prefix);
    if (at < 0 || this.#entries[at] !== slot + 1) return;
    Atomics.store(this.#entries, at, entryRemoved);
    this.#live -= 1;
    this.#removed += 1;
    this.#countLength(prefix.lengthBits, -1);
    this.#sweep(at);
  }

  /** Removed entries before an empty one are themselves empty again: chains stay short however often tunnels come and go. */
  #sweep(from: number): void {
    const step = prefixWords;
    const size = (this.#mask + 1) * step;
    const wrap = (at: number): number => lengthListWords + ((at - lengthListWords + size) % size);
    if (this.#entries[wrap(from + step)] !== entryEmpty) return;
    for (let at = from; this.#entries[at] === entryRemoved; at = wrap(at - step)) {
      Atomics.store(this.#entries, at, entryEmpty);
      this.#removed -= 1;
    }
  }

  #seek(prefix: Ipv6Prefix): number {
    const entries = this.#entries;
    writeAddressWords(this.#key, 0, prefix.address);
    for (let i = this.#start(prefix), probes = 0; probes <= this.#mask; i = (i + 1) & this.#mask, probes += 1) {
      const at = lengthListWords + i * prefixWords;
      const state = entries[at];
      if (state === entryEmpty) return -1;
      if (state === entryRemoved || entries[at + prefixWord.lengthBits] !== prefix.lengthBits) continue;
      if (this.#key.every((word, k) => entries[at + prefixWord.address + k] === word)) return at;
    }
    return -1;
  }

  #seekFree(prefix: Ipv6Prefix): number {
    for (let i = this.#start(prefix), probes = 0; probes <= this.#mask; i = (i + 1) & this.#mask, probes += 1) {
      const at = lengthListWords + i * prefixWords;
      if ((this.#entries[at] ?? 0) <= 0) return at;
    }
    throw new Error(`the prefix index has no room for ${formatPrefix(prefix)}; ask hasRoom first`);
  }

  #start(prefix: Ipv6Prefix): number {
    writeAddressWords(this.#key, 0, prefix.address);
    const [a = 0, b = 0, c = 0, d = 0] = this.#key;
    return hashWords(a, b, c, d, prefix.lengthBits) & this.#mask;
  }

  #countLength(lengthBits: number, by: 1 | -1): void {
    const count = (this.#counts.get(lengthBits) ?? 0) + by;
    const isNewOrGone = count === 0 || (by === 1 && count === 1);
    if (count === 0) this.#counts.delete(lengthBits);
    else this.#counts.set(lengthBits, count);
    if (!isNewOrGone) return;
    const lengths = [...this.#counts.keys()].toSorted((a, b) => b - a);
    // A reader in between sees a length twice or misses one for the time of one packet.
    for (const [i, length] of lengths.entries()) Atomics.store(this.#entries, 1 + i, length);
    Atomics.store(this.#entries, 0, lengths.length);
  }
}
