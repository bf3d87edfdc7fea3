/**
 * Signed packets that came from places which are no endpoint, so that a copy is carried once: a bounded memory of their signatures,
 * the newest of each seat. Packets from the endpoint are never looked up here, since aiccu repeats its own rightly (AYIYA sheet section 11).
 */
const seats = 1024;
const words = 2;

export class Replays {
  readonly #seen = new Int32Array(seats * words);

  /** True when this signature, given by its first two words, was seen before; remembers it. */
  isCopy(a: number, b: number): boolean {
    const seat = (a & (seats - 1)) * words;
    const seen = this.#seen;
    if (seen[seat] === a && seen[seat + 1] === b) return true;
    seen[seat] = a;
    seen[seat + 1] = b;
    return false;
  }
}
