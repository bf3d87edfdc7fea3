/**
 * Token buckets by a number (an address, a slot), a fixed count of them whatever is asked: two keys may share one, which
 * only makes it stricter. Allocates nothing after it was made.
 */
export class Buckets {
  readonly #tokens: Float64Array;
  readonly #atMs: Float64Array;
  readonly #perMs: number;
  readonly #burst: number;

  constructor(options: { buckets: number; perSec: number; burst: number }) {
    this.#tokens = new Float64Array(options.buckets).fill(options.burst);
    this.#atMs = new Float64Array(options.buckets);
    this.#perMs = options.perSec / 1000;
    this.#burst = options.burst;
  }

  /** True when `key` had a token, which is then spent. */
  take(key: number, nowMs: number): boolean {
    const i = (Math.imul(key, 0x9e3779b1) >>> 0) % this.#tokens.length;
    const filled = Math.min(this.#burst, (this.#tokens[i] ?? 0) + (nowMs - (this.#atMs[i] ?? 0)) * this.#perMs);
    this.#atMs[i] = nowMs;
    if (filled < 1) {
      this.#tokens[i] = filled;
      return false;
    }
    this.#tokens[i] = filled - 1;
    return true;
  }
}
