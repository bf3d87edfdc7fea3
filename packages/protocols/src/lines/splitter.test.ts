import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeLatin1 } from "@tombolo/base";
import { chunkings } from "@tombolo/testkit";
import fc from "fast-check";
import { lineStart, splitLines } from "./splitter.ts";

function split(chunks: readonly Uint8Array[], maxBytes: number): { lines: string[]; fault: string | undefined } {
  let state = lineStart;
  let fault: string | undefined;
  const lines: string[] = [];
  for (const chunk of chunks) {
    const step = splitLines(state, chunk, maxBytes);
    state = step.state;
    ({ fault } = step);
    lines.push(...step.lines);
    assert.ok(state.pending.length <= maxBytes + 1, "no more is kept than the bound and one CR");
  }
  return { lines, fault };
}

const one = (text: string, maxBytes: number): ReturnType<typeof split> => split([encodeLatin1(text)], maxBytes);

test("LF and CRLF end lines, empty lines are lines, and what has no end is no line yet", () => {
  assert.deepEqual(one("a\r\nb\n\n\r\nrest", 10), { lines: ["a", "b", "", ""], fault: undefined });
});

test("only one CR is taken off, and a CR inside a line stays", () => {
  assert.deepEqual(one("a\r\r\nb\rc\n", 10).lines, ["a\r", "b\rc"]);
});

test("a line of exactly the bound passes with either end; one byte more does not, ended or not", () => {
  assert.deepEqual(one("12345\n", 5).lines, ["12345"]);
  assert.deepEqual(one("12345\r\n", 5), { lines: ["12345"], fault: undefined });
  assert.deepEqual(one("12345\r", 5), { lines: [], fault: undefined });
  assert.deepEqual(one("ok\n123456\nlater\n", 5), { lines: ["ok"], fault: "line-too-long" });
  assert.deepEqual(one("123456", 5), { lines: [], fault: "line-too-long" });
  assert.deepEqual(one("12345\rx", 5), { lines: [], fault: "line-too-long" });
});

test("after the bound was met nothing more is read", () => {
  const { state } = splitLines(lineStart, encodeLatin1("1234567"), 5);
  assert.deepEqual(splitLines(state, encodeLatin1("\nhello\n"), 5), { state, lines: [], fault: "line-too-long" });
});

test("every byte is a character, so no input fails to decode", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 10 && byte !== 13);
  const { lines } = split([bytes, Uint8Array.of(10)], 300);
  assert.deepEqual(encodeLatin1(lines[0] ?? ""), bytes);
});

test("however the stream is cut, the lines are the same", () => {
  const character = fc.constantFrom("a", "b", " ", "\r", "\n", "\n", "\u00ff");
  fc.assert(
    fc.property(fc.array(character, { maxLength: 120 }), fc.nat(1000), (characters, seed) => {
      const bytes = encodeLatin1(characters.join(""));
      const whole = split([bytes], 12);
      for (const chunks of chunkings(bytes, seed)) if (chunks.length > 0) assert.deepEqual(split(chunks, 12), whole);
    }),
  );
});
