import assert from "node:assert/strict";
import { test } from "node:test";
import { drillDecoder, type DrillResult } from "./decoder.ts";
import { drillEncoder } from "./encoder.ts";
import { chunkings } from "./stream.ts";

/** Two bytes: 7 and anything. */
function decode(bytes: Uint8Array): DrillResult {
  if (bytes.length < 2) return { ok: false, reason: "short", at: bytes.length };
  return bytes[0] === 7 ? { ok: true } : { ok: false, reason: "not-7", at: 0 };
}

const samples = [Uint8Array.of(7, 8)];
const reasons = ["short", "not-7"];

test("a decoder that keeps its promises passes", () => {
  drillDecoder({ samples, decode, reasons });
});

test("the drill catches a throw, an unlisted reason, an offset outside and a sample that does not decode", () => {
  const passes = (bent: (bytes: Uint8Array) => DrillResult): void => drillDecoder({ samples, decode: bent, reasons });
  const throwing = (bytes: Uint8Array): DrillResult => {
    if (bytes.length === 1) throw new RangeError("out of range");
    return decode(bytes);
  };
  assert.throws(() => passes(throwing), RangeError);
  assert.throws(() => passes((bytes) => (bytes.length === 0 ? { ok: false, reason: "odd" } : decode(bytes))), /listed one/);
  assert.throws(() => passes((bytes) => (bytes.length < 2 ? { ok: false, reason: "short", at: 2 } : decode(bytes))), /offset/);
  assert.throws(() => passes(() => ({ ok: false, reason: "short", at: 0 })), /the sample decodes/);
});

test("the drill catches a decoder that takes what was cut, looks around its input, or writes to it", () => {
  const passes = (bent: (bytes: Uint8Array) => DrillResult): void => drillDecoder({ samples, decode: bent, reasons });
  assert.throws(() => passes((bytes) => (bytes.length === 1 ? { ok: true } : decode(bytes))), /it is refused/);
  assert.throws(
    () => passes((bytes) => (new Uint8Array(bytes.buffer)[0] === 0xa5 ? decode(bytes) : { ok: false, reason: "short" })),
    /around/,
  );
  assert.throws(
    () =>
      passes((bytes) => {
        bytes.fill(7);
        return decode(bytes);
      }),
    /alone/,
  );
});

test("the drill catches an encoder that leaves dirt, writes outside, or writes without room", () => {
  const write =
    (bytes: readonly number[]) =>
    (out: Uint8Array, at: number): number => {
      if (out.length - at < bytes.length) return 0;
      out.set(bytes, at);
      return bytes.length;
    };
  assert.deepEqual(drillEncoder(write([1, 2, 3])), Uint8Array.of(1, 2, 3));
  assert.throws(() => drillEncoder((out, at) => (write([1])(out, at) === 0 ? 0 : 2)), /shine through/);
  assert.throws(() => drillEncoder((out, at) => (write([1, 2])(out, at) === 0 ? 0 : 1)), /outside/);
  assert.throws(() => drillEncoder((out, at) => write([1])(out, at) || 1), /no room/);
});

test("every chunking keeps all bytes in order, and one of them goes byte by byte", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  const all = [...chunkings(bytes)];
  for (const chunks of all) assert.deepEqual(Uint8Array.from(chunks.flatMap((chunk) => [...chunk])), bytes);
  assert.ok(all.some((chunks) => chunks.length === 100));
});
