import assert from "node:assert/strict";
import test from "node:test";
import { LineSplitter } from "./lines.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("lines come out the same however the bytes are cut", () => {
  const text = "one\ntwo\n\nfünf\n";
  const expected = ["one", "two", "", "fünf"];
  assert.deepEqual(new LineSplitter(10).push(bytes(text)), expected);
  for (let size = 1; size < text.length; size += 1) {
    const splitter = new LineSplitter(10);
    const whole = bytes(text);
    const lines: string[] = [];
    for (let at = 0; at < whole.length; at += size) {
      const found = splitter.push(whole.subarray(at, at + size));
      assert.notEqual(found, "too-long");
      lines.push(...found);
    }
    assert.deepEqual(lines, expected);
    assert.equal(splitter.heldBytes, 0);
  }
});

test("a line over the bound is refused while it comes, not after", () => {
  const splitter = new LineSplitter(4);
  assert.deepEqual(splitter.push(bytes("1234")), []);
  assert.equal(splitter.push(bytes("5")), "too-long");
  assert.deepEqual(new LineSplitter(4).push(bytes("1234\n")), ["1234"]);
  assert.equal(new LineSplitter(4).push(bytes("ok\n12345\n")), "too-long");
});

test("what is held is a copy: the reader may use its buffer again", () => {
  const splitter = new LineSplitter(10);
  const buffer = bytes("ab");
  splitter.push(buffer);
  buffer.fill(0x78);
  assert.deepEqual(splitter.push(bytes("c\n")), ["abc"]);
});
