import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPrefix, makeIpv6, makePrefix, type Ipv6Prefix } from "@tombolo/base";
import fc from "fast-check";
import { HeldPrefixes } from "./held-prefixes.ts";

const prefixes: fc.Arbitrary<Ipv6Prefix> = fc
  .tuple(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.integer({ min: 0, max: 128 }))
  .map(([value, lengthBits]) => makePrefix(makeIpv6(value), lengthBits));

test("each slot has what it was last given, in its order, whatever the others are given", () => {
  const slots = 8;
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: slots - 1 }), fc.array(prefixes, { maxLength: 40 })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (given) => {
      const held = new HeldPrefixes(slots);
      const model = new Map<number, readonly Ipv6Prefix[]>();
      for (const [slot, list] of given) {
        held.replace(slot, list);
        model.set(slot, list);
        for (let each = 0; each < slots; each += 1) {
          const expected = model.get(each) ?? [];
          assert.deepEqual(held.list(each).map(formatPrefix), expected.map(formatPrefix));
          assert.equal(held.equals(each, expected), true);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test("more, fewer, others and another order are not equal", () => {
  const held = new HeldPrefixes(1);
  const [a, b, c] = [1n, 2n, 3n].map((n) => makePrefix(makeIpv6(n << 64n), 64));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  held.replace(0, [a, b]);
  const longer = makePrefix(b.address, 65);
  for (const other of [[], [a], [a, b, c], [b, a], [a, c], [a, longer]]) assert.equal(held.equals(0, other), false);
  assert.equal(held.equals(0, [a, b]), true);
});
