import { assert } from "../result/result.ts";

/** Gives `length` fresh random bytes. Cryptographic where shipped, seeded in tests. */
export type Random = (length: number) => Uint8Array;

/**
 * Repeatable bytes for tests and simulations; never for secrets.
 * xorshift128+ over two 64-bit halves spread from the seed by splitmix64.
 */
export function makeSeededRandom(seed: number): Random {
  const next = makeSeededNumbers(seed);
  return (length) => {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i += 1) out[i] = next(256);
    return out;
  };
}

/** Repeatable whole numbers in [0, bound), bound at most 2^32. */
export function makeSeededNumbers(seed: number): (bound: number) => number {
  const mask = (1n << 64n) - 1n;
  let spread = BigInt(Math.trunc(seed)) & mask;
  const splitmix = (): bigint => {
    spread = (spread + 0x9e3779b97f4a7c15n) & mask;
    let z = spread;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return z ^ (z >> 31n);
  };
  let a = splitmix();
  let b = splitmix();
  return (bound) => {
    assert(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32, "a bound is a whole number from 1 to 2^32");
    let t = a;
    const s = b;
    a = s;
    t = (t ^ (t << 23n)) & mask;
    b = t ^ s ^ (t >> 17n) ^ (s >> 26n);
    return Number((((b + s) & mask) >> 32n) % BigInt(bound));
  };
}
