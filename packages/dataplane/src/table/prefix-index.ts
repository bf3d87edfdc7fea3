import { assert, type Ipv6Prefix } from "@tombolo/base";
import {
  entryEmpty,
  entryHole,
  lengthListsAt,
  lengthListWord,
  lengthListWords,
  mayMoveBack,
  movesWord,
  prefixEntries,
  prefixHeaderWords,
  prefixWord,
  prefixWords,
  type TableMemory,
} from "./memory.ts";
import { hashWords, writeAddressWords } from "./words.ts";

/** The writer's side of the prefix entries; TableReader has the look-up. */
export class PrefixIndex {
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #counts = new Map<number, number>();
  readonly #key = new Int32Array(4);
  #size = 0;

  constructor(memory: TableMemory) {
    this.#words = new Int32Array(memory.prefixes);
    this.#mask = prefixEntries(memory.capacity) - 1;
  }

  /** False when `count` more entries would make look-ups slow; the table is then full. */
  hasRoom(count: number): boolean {
    return this.#size + count <= (this.#mask + 1) * 0.75;
  }

  /** The prefix is `slot`'s from now on, whoever had it before. */
  insert(prefix: Ipv6Prefix, slot: number, isLink: boolean): void {
    const at = wordOf(this.#seek(prefix));
    const words = this.#words;
    const isNew = words[at] === entryEmpty;
    if (isNew) {
      assert(this.hasRoom(1), "hasRoom was asked first");
      words.set(this.#key, at + prefixWord.address);
      words[at + prefixWord.lengthBits] = prefix.lengthBits;
      this.#size += 1;
    }
    words[at + prefixWord.link] = isLink ? 1 : 0;
    Atomics.store(words, at, slot + 1);
    if (isNew && this.#count(prefix.lengthBits, 1) === 1) this.#publishLengths();
  }

  /** Removes the prefix if `slot` holds it. */
  remove(prefix: Ipv6Prefix, slot: number): void {
    const place = this.#seek(prefix);
    if (this.#words[wordOf(place)] !== slot + 1) return;
    if (this.#count(prefix.lengthBits, -1) === 0) this.#publishLengths();
    this.#close(place);
    this.#size -= 1;
  }

  #close(from: number): void {
    const words = this.#words;
    let hole = from;
    Atomics.store(words, wordOf(hole), entryHole);
    for (let place = (hole + 1) & this.#mask; words[wordOf(place)] !== entryEmpty; place = (place + 1) & this.#mask) {
      if (!mayMoveBack(place, hole, this.#home(place), this.#mask)) continue;
      const at = wordOf(place);
      words.copyWithin(wordOf(hole) + prefixWord.address, at + prefixWord.address, at + prefixWords);
      Atomics.store(words, wordOf(hole), words[at] ?? entryEmpty);
      Atomics.add(words, movesWord, 1);
      Atomics.store(words, at, entryHole);
      hole = place;
    }
    Atomics.store(words, wordOf(hole), entryEmpty);
  }

  /** Where the prefix stands, or the empty place where it would. Leaves its words in #key. */
  #seek(prefix: Ipv6Prefix): number {
    const words = this.#words;
    const key = this.#key;
    writeAddressWords(key, 0, prefix.address);
    let place = hashWords(key[0] ?? 0, key[1] ?? 0, key[2] ?? 0, key[3] ?? 0, prefix.lengthBits) & this.#mask;
    for (; words[wordOf(place)] !== entryEmpty; place = (place + 1) & this.#mask) {
      const at = wordOf(place);
      if (
        words[at + prefixWord.address] === key[0] &&
        words[at + prefixWord.address + 1] === key[1] &&
        words[at + prefixWord.address + 2] === key[2] &&
        words[at + prefixWord.address + 3] === key[3] &&
        words[at + prefixWord.lengthBits] === prefix.lengthBits
      )
        break;
    }
    return place;
  }

  #home(place: number): number {
    const at = wordOf(place) + prefixWord.address;
    const words = this.#words;
    const lengthBits = words[wordOf(place) + prefixWord.lengthBits] ?? 0;
    return hashWords(words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0, lengthBits) & this.#mask;
  }

  #count(lengthBits: number, by: number): number {
    const count = (this.#counts.get(lengthBits) ?? 0) + by;
    if (count === 0) this.#counts.delete(lengthBits);
    else this.#counts.set(lengthBits, count);
    return count;
  }

  /** Writes the list that nobody reads, then says that it holds. */
  #publishLengths(): void {
    const words = this.#words;
    const next = 1 - (words[lengthListWord] ?? 0);
    const at = lengthListsAt + next * lengthListWords;
    const lengths = [...this.#counts.keys()].toSorted((a, b) => b - a);
    for (const [i, length] of lengths.entries()) Atomics.store(words, at + 1 + i, length);
    Atomics.store(words, at, lengths.length);
    Atomics.store(words, lengthListWord, next);
    Atomics.add(words, movesWord, 1);
  }
}

function wordOf(place: number): number {
  return prefixHeaderWords + place * prefixWords;
}
