import { makePrefix, type Ipv6Prefix } from "@tombolo/base";
import { readAddressWords, writeAddressWords } from "./words.ts";

const recordWords = 6;
const recordWord = {
  /** The slot's next record, or of a record that is free the next free one; 0 for none. */
  next: 0,
  lengthBits: 1,
  /** Four address words. */
  address: 2,
} as const;

/**
 * Which prefixes each slot was given, for the writer alone. All stand in one array, because as objects they would be the larger
 * part of what a tunnel costs.
 */
export class HeldPrefixes {
  /** Of each slot the first record; record 0 is none. */
  readonly #first: Int32Array;
  #records = new Int32Array(256 * recordWords);
  #used = 1;
  #free = 0;
  readonly #key = new Int32Array(4);

  constructor(capacity: number) {
    this.#first = new Int32Array(capacity);
  }

  /** Whether the slot was given these, in this order. */
  equals(slot: number, prefixes: readonly Ipv6Prefix[]): boolean {
    let record = this.#first[slot] ?? 0;
    for (const prefix of prefixes) {
      if (record === 0 || !this.#holds(record, prefix)) return false;
      record = this.#at(record, recordWord.next);
    }
    return record === 0;
  }

  list(slot: number): readonly Ipv6Prefix[] {
    const prefixes: Ipv6Prefix[] = [];
    for (let record = this.#first[slot] ?? 0; record !== 0; record = this.#at(record, recordWord.next)) {
      const address = readAddressWords(this.#records, record * recordWords + recordWord.address);
      prefixes.push(makePrefix(address, this.#at(record, recordWord.lengthBits)));
    }
    return prefixes;
  }

  /** In place of all that the slot was given before. */
  replace(slot: number, prefixes: readonly Ipv6Prefix[]): void {
    this.#release(slot);
    let next = 0;
    for (const prefix of prefixes.toReversed()) {
      const record = this.#take();
      const at = record * recordWords;
      this.#records[at + recordWord.next] = next;
      this.#records[at + recordWord.lengthBits] = prefix.lengthBits;
      writeAddressWords(this.#records, at + recordWord.address, prefix.address);
      next = record;
    }
    this.#first[slot] = next;
  }

  #release(slot: number): void {
    let record = this.#first[slot] ?? 0;
    while (record !== 0) {
      const next = this.#at(record, recordWord.next);
      this.#records[record * recordWords + recordWord.next] = this.#free;
      this.#free = record;
      record = next;
    }
    this.#first[slot] = 0;
  }

  #take(): number {
    if (this.#free !== 0) {
      const record = this.#free;
      this.#free = this.#at(record, recordWord.next);
      return record;
    }
    if ((this.#used + 1) * recordWords > this.#records.length) {
      const larger = new Int32Array(2 * this.#records.length);
      larger.set(this.#records);
      this.#records = larger;
    }
    this.#used += 1;
    return this.#used - 1;
  }

  #holds(record: number, prefix: Ipv6Prefix): boolean {
    if (this.#at(record, recordWord.lengthBits) !== prefix.lengthBits) return false;
    writeAddressWords(this.#key, 0, prefix.address);
    return this.#key.every((word, i) => this.#at(record, recordWord.address + i) === word);
  }

  #at(record: number, word: number): number {
    return this.#records[record * recordWords + word] ?? 0;
  }
}
