import assert from "node:assert/strict";
import { formatHex } from "@tombolo/base";

const before = 7;
const after = 9;

/**
 * Runs an encoder into clean and dirty buffers at an odd offset: the same bytes must come out, none outside may change, and
 * a buffer without room must get 0 and stay as it was. Returns what was written.
 */
export function drillEncoder(encode: (out: Uint8Array, outAt: number) => number): Uint8Array {
  const large = new Uint8Array(70_000);
  const length = encode(large, before);
  const written = large.slice(before, before + length);
  for (const dirt of [0x00, 0xff, 0xa5]) {
    const out = new Uint8Array(before + length + after).fill(dirt);
    assert.equal(encode(out, before), length);
    assert.equal(formatHex(out.subarray(before, before + length)), formatHex(written), "what was in the buffer does not shine through");
    assert.ok(
      [...out.subarray(0, before), ...out.subarray(before + length)].every((byte) => byte === dirt),
      "nothing outside is written",
    );
  }
  if (length > 0) {
    const tight = new Uint8Array(before + length - 1).fill(0xa5);
    assert.equal(encode(tight, before), 0, "one byte short is no room");
    assert.ok(
      tight.every((byte) => byte === 0xa5),
      "without room nothing is written",
    );
  }
  return written;
}
