import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSeededNumbers, makeSeededRandom } from "./random.ts";

test("the same seed gives the same bytes, another seed others", () => {
  const first = makeSeededRandom(7)(64);
  assert.deepEqual(makeSeededRandom(7)(64), first);
  assert.notDeepEqual(makeSeededRandom(8)(64), first);
  for (const seed of [0, -1, 1e15, 1.5]) assert.equal(makeSeededRandom(seed)(16).length, 16);
});

test("numbers are whole, inside their bound, and fill it", () => {
  const number = makeSeededNumbers(1);
  for (const bound of [1, 2, 3, 10, 256, 1000]) {
    const seen = new Set<number>();
    for (let i = 0; i < bound * 30; i += 1) {
      const value = number(bound);
      assert.ok(Number.isInteger(value) && value >= 0 && value < bound);
      seen.add(value);
    }
    assert.ok(seen.size > bound * 0.98, `${seen.size} of ${bound}`);
  }
  assert.ok(Array.from({ length: 100 }, () => number(2 ** 32)).some((value) => value > 2 ** 31));
});

test("a bound that holds no number is our own bug", () => {
  for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) assert.throws(() => makeSeededNumbers(1)(bound), { name: "AssertionFailed" });
});

test("bytes are spread evenly: chi-squared over 65536 of them stays in its range", () => {
  const counts = Array.from({ length: 256 }, () => 0);
  for (const byte of makeSeededRandom(3)(65_536)) counts[byte] = (counts[byte] ?? 0) + 1;
  const chi = counts.reduce((sum, count) => sum + (count - 256) ** 2 / 256, 0);
  // 255 degrees of freedom: one in a million is outside of these.
  assert.ok(chi > 157 && chi < 377, `${chi}`);
});
