import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex } from "@tombolo/base";
import { fuzz, readCorpus } from "./fuzz.ts";
import { minimise } from "./mutate.ts";
import { targets } from "./targets.ts";

for (const target of targets) {
  test(`${target.name}: a short run finds nothing, and reaches more outcomes than one`, () => {
    const { runs, shapes, finding } = fuzz(target, { seed: 20_260_721, runs: 3000, isOver: () => false });
    assert.equal(finding, undefined, `seed 20260721, input ${formatHex(finding?.input ?? new Uint8Array(0))}: ${String(finding?.error)}`);
    assert.equal(runs, 3000);
    assert.ok(shapes > 1, `${shapes} outcomes`);
  });

  test(`${target.name}: what failed once does so no more`, () => {
    for (const input of [...readCorpus(target.name), ...target.seeds, new Uint8Array(0)]) target.run(input);
  });
}

test("the driver finds a planted fault, makes its input small, and does so again with the same seed", () => {
  const planted = {
    name: "planted",
    seeds: [new TextEncoder().encode("hello world")],
    words: ["BOOM"],
    run: (bytes: Uint8Array): string => {
      const text = new TextDecoder("latin1").decode(bytes);
      if (text.includes("BOOM")) throw new Error("found");
      return text.slice(0, 1);
    },
  };
  const bounds = { seed: 5, runs: 20_000, isOver: () => false };
  const first = fuzz(planted, bounds);
  assert.equal(new TextDecoder().decode(first.finding?.input), "BOOM");
  assert.equal(fuzz(planted, bounds).runs, first.runs);
});

test("minimising keeps what fails and nothing else", () => {
  const isBad = (bytes: Uint8Array): boolean => bytes.includes(7) && bytes.includes(9);
  assert.deepEqual(minimise(Uint8Array.of(1, 2, 7, 3, 4, 5, 9, 6), isBad), Uint8Array.of(7, 9));
});
