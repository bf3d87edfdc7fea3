import { makeSeededNumbers } from "@tombolo/base";

/** The ways in which a stream may bring the same bytes: whole, one at a time, and in five seeded mixtures. */
export function* chunkings(bytes: Uint8Array, seed = 1): Generator<readonly Uint8Array[]> {
  yield [bytes];
  yield Array.from(bytes, (byte) => Uint8Array.of(byte));
  for (let round = 0; round < 5; round += 1) yield chunk(bytes, makeSeededNumbers(seed + round), 40);
}

/** Pieces of 1 to `maxBytes` bytes. */
export function chunk(bytes: Uint8Array, number: (bound: number) => number, maxBytes: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + number(maxBytes);
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}
