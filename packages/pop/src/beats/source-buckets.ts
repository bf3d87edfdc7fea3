import type { Ipv4Address, MonotonicClock } from "@tombolo/base";

export interface SourceBucketsOptions {
  readonly clock: MonotonicClock;
  readonly perSec: number;
  readonly burst: number;
  /** How many sources are remembered; beyond, the one that came longest ago is forgotten. */
  readonly sourcesMax: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A token bucket for each IPv4 source: what hashing anybody may cause. */
export class SourceBuckets {
  readonly #options: SourceBucketsOptions;
  /** In the order of use: a bucket moves to the end when it is asked. */
  readonly #buckets = new Map<number, Bucket>();

  constructor(options: SourceBucketsOptions) {
    this.#options = options;
  }

  /** False when this source has had its share. */
  take(source: Ipv4Address): boolean {
    const { clock, perSec, burst, sourcesMax } = this.#options;
    const nowMs = clock.nowMs();
    const bucket = this.#buckets.get(source.value) ?? { tokens: burst, atMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSec);
    bucket.atMs = nowMs;
    this.#buckets.delete(source.value);
    this.#buckets.set(source.value, bucket);
    if (this.#buckets.size > sourcesMax) this.#forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #forgetOldest(): void {
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
