import assert from "node:assert/strict";
import { decodeLatin1, makeSeededNumbers } from "@tombolo/base";
import { lineStart, splitLines } from "@tombolo/protocols";
import { chunk } from "@tombolo/testkit";
import { textSeeds, type FuzzTarget } from "../target.ts";

const maxBytes = 40;

/** The line splitter: any cut gives what splitting the whole text gives, and the bound holds. */
export const linesTarget: FuzzTarget = {
  name: "lines",
  seeds: textSeeds("one\ntwo\r\n\r\n\nthree", `${"x".repeat(40)}\r\n${"y".repeat(41)}\n`),
  words: ["\n", "\r\n", "\r", "x".repeat(39)],
  run: (bytes) => {
    const parts = decodeLatin1(bytes).split("\n");
    const ended = parts.slice(0, -1).map((part) => part.replace(/\r$/, ""));
    const long = ended.findIndex((line) => line.length > maxBytes);
    let state = lineStart;
    let fault: string | undefined;
    const lines: string[] = [];
    for (const part of chunk(bytes, makeSeededNumbers(bytes.length), 16)) {
      const step = splitLines(state, part, maxBytes);
      ({ state, fault } = step);
      lines.push(...step.lines);
      assert.ok(state.pending.length <= maxBytes + 1);
    }
    assert.deepEqual(lines, long < 0 ? ended : ended.slice(0, long));
    const restIsLong = (parts.at(-1) ?? "").replace(/\r$/, "").length > maxBytes;
    assert.equal(fault !== undefined, long >= 0 || restIsLong);
    return `${Math.min(lines.length, 4)} ${fault ?? "fine"} ${state.pending.length > 0}`;
  },
};
