import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeLatin1, encodeLatin1 } from "./ascii.ts";
import { concatBytes, equalBytes, equalConstantTime } from "./compare.ts";
import { formatHex, parseHex } from "./hex.ts";
import { ByteReader } from "./reader.ts";
import { ByteWriter } from "./writer.ts";

const bytes = fc.uint8Array({ maxLength: 200 });

test("what the writer wrote the reader reads", () => {
  const fields = fc.record({
    a: fc.nat(0xff),
    b: fc.nat(0xffff),
    c: fc.nat(0xffff_ffff),
    d: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    rest: bytes,
  });
  fc.assert(
    fc.property(fields, ({ a, b, c, d, rest }) => {
      const writer = new ByteWriter(23 + rest.length).uint8(a).uint16(b).uint32(c).uint128(d).bytes(rest);
      assert.equal(writer.at, 23 + rest.length);
      const whole = writer.done();
      const view = Buffer.from(whole);
      assert.deepEqual([view.readUInt8(0), view.readUInt16BE(1), view.readUInt32BE(3)], [a, b, c]);
      const reader = new ByteReader(whole);
      assert.deepEqual([reader.uint8(), reader.uint16(), reader.uint32(), reader.uint128()], [a, b, c, d]);
      assert.deepEqual(reader.rest(), rest);
      assert.deepEqual([reader.remaining, reader.short], [0, false]);
    }),
  );
});

test("a read past the end gives zero, stays where it was, and is remembered", () => {
  const reads: readonly ((reader: ByteReader) => unknown)[] = [
    (reader) => reader.uint8(),
    (reader) => reader.uint16(),
    (reader) => reader.uint32(),
    (reader) => reader.uint128(),
    (reader) => reader.bytes(17),
  ];
  for (const [i, size] of [1, 2, 4, 16, 17].entries()) {
    const reader = new ByteReader(new Uint8Array(size - 1).fill(0xff));
    const value = reads[i]?.(reader);
    assert.ok(value === 0 || value === 0n || (value instanceof Uint8Array && value.length === 0));
    assert.deepEqual([reader.short, reader.at], [true, 0]);
    assert.equal(reader.uint8(), 0, "after one short read nothing more is believed");
  }
});

test("the reader never reads outside a view", () => {
  const whole = new Uint8Array(10).fill(0xee);
  const reader = new ByteReader(whole.subarray(3, 5));
  assert.equal(reader.uint16(), 0xeeee);
  assert.equal(reader.uint8(), 0);
  assert.equal(reader.short, true);
});

test("bytes are handed out as a view, and a negative length as nothing", () => {
  const whole = Uint8Array.of(1, 2, 3);
  const reader = new ByteReader(whole);
  assert.equal(reader.bytes(2).buffer, whole.buffer);
  assert.equal(reader.bytes(-1).length, 0);
  assert.equal(reader.at, 2);
});

test("writing past the end is our own bug", () => {
  assert.throws(() => new ByteWriter(1).uint16(1));
  assert.throws(() => new ByteWriter(2).bytes(new Uint8Array(3)));
  assert.deepEqual(new ByteWriter(9).uint8(7).done(), Uint8Array.of(7));
});

test("hexadecimal survives the round trip, in either case and with white space", () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const text = formatHex(value);
      assert.equal(text, Buffer.from(value).toString("hex"));
      assert.deepEqual(parseHex(text), { ok: true, value });
      assert.deepEqual(parseHex(text.toUpperCase().replace(/(..)/g, "$1 \n")), { ok: true, value });
    }),
  );
  assert.deepEqual(parseHex("abc"), { ok: false, reason: "odd-length" });
  for (const text of ["0x00", "gg", "é0", "-1"]) assert.deepEqual(parseHex(text), { ok: false, reason: "not-hex" });
});

test("both comparisons agree with the platform", () => {
  fc.assert(
    fc.property(bytes, bytes, fc.nat(199), (a, b, at) => {
      const bent = a.map((byte, i) => (i === at % Math.max(a.length, 1) ? byte ^ 1 : byte));
      for (const other of [a, a.slice(), b, bent, a.subarray(1)]) {
        const expected = Buffer.from(a).equals(other);
        assert.equal(equalBytes(a, other), expected);
        assert.equal(equalConstantTime(a, other), expected);
      }
    }),
  );
});

test("parts are put together in order", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => assert.deepEqual(Buffer.from(concatBytes(...parts)), Buffer.concat(parts))),
  );
});

test("every byte is a character and back, also more than fit one call's arguments", () => {
  fc.assert(fc.property(bytes, (value) => assert.deepEqual(encodeLatin1(decodeLatin1(value)), value)));
  const long = new Uint8Array(300_000).map((_, i) => i);
  assert.equal(decodeLatin1(long), Buffer.from(long).toString("latin1"));
  assert.deepEqual(encodeLatin1("aé€"), Uint8Array.of(0x61, 0xe9, 0x3f));
});
