import type { MonotonicClock } from "@tombolo/base";

export interface ThrottleOptions {
  readonly clock: MonotonicClock;
  /** How fast a bucket fills. */
  readonly perMinute: number;
  /** How much it holds. */
  readonly burst: number;
  /** How many buckets are remembered; beyond, the one used longest ago is forgotten. */
  readonly keysMax: number;
}

/** Token buckets by name. */
export interface Throttle {
  /** Whether `take` would succeed; costs nothing. */
  has(key: string): boolean;
  /** False when the bucket is empty: wait. */
  take(key: string): boolean;
  /** Puts one back: it was not what the throttle is against. */
  giveBack(key: string): void;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export function makeThrottle({ clock, perMinute, burst, keysMax }: ThrottleOptions): Throttle {
  // A Map remembers the order of insertion: buckets move to its end when used, so the first is the oldest.
  const buckets = new Map<string, Bucket>();
  const filled = (key: string): Bucket => {
    const nowMs = clock.nowMs();
    const held = buckets.get(key);
    const tokens = held === undefined ? burst : Math.min(burst, held.tokens + ((nowMs - held.atMs) / 60_000) * perMinute);
    return { tokens, atMs: nowMs };
  };
  const keep = (key: string, bucket: Bucket): void => {
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size <= keysMax) return;
    for (const oldest of buckets.keys()) {
      buckets.delete(oldest);
      break;
    }
  };
  return {
    has: (key) => filled(key).tokens >= 1,
    take(key) {
      const bucket = filled(key);
      const allowed = bucket.tokens >= 1;
      keep(key, allowed ? { ...bucket, tokens: bucket.tokens - 1 } : bucket);
      return allowed;
    },
    giveBack(key) {
      const bucket = filled(key);
      keep(key, { ...bucket, tokens: Math.min(burst, bucket.tokens + 1) });
    },
  };
}
