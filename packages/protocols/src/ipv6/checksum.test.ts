import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSeededRandom } from "@tombolo/base";
import fc from "fast-check";
import { finishChecksum, sumWords } from "./checksum.ts";

/** RFC 1071 section 4.1, as slowly as can be. */
function naive(bytes: Uint8Array): number {
  let sum = 0n;
  for (let i = 0; i < bytes.length; i += 2) sum += (BigInt(bytes[i] ?? 0) << 8n) + BigInt(bytes[i + 1] ?? 0);
  while (sum >> 16n > 0n) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(~sum & 0xffffn);
}

test("the example of RFC 1071 section 3 sums up", () => {
  assert.equal(finishChecksum(sumWords(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7), 0, 8)), ~0xddf2 & 0xffff);
});

test("sums equal a naive reference, at even and odd lengths and offsets", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(50), (bytes, skip) => {
      const from = Math.min(skip, bytes.length);
      assert.equal(finishChecksum(sumWords(bytes, from, bytes.length - from)), naive(bytes.subarray(from)));
    }),
  );
});

test("64 KiB of ones do not overflow", () => {
  const bytes = new Uint8Array(65_536).fill(0xff);
  assert.equal(finishChecksum(sumWords(bytes, 0, bytes.length) + 0xffff_ffff), 0);
  const random = makeSeededRandom(3)(65_535);
  assert.equal(finishChecksum(sumWords(random, 0, random.length)), naive(random));
});
