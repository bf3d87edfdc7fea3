import assert from "node:assert/strict";
import { test } from "node:test";
import {
  containsAddress,
  containsPrefix,
  countSubprefixes,
  formatIpv6,
  formatPrefix,
  makeIpv6,
  makePrefix,
  parsePrefix,
  subprefixAt,
  type Ipv6Prefix,
} from "@tombolo/base";
import fc from "fast-check";
import { capacityOf, firstPosition, isForbidden, isPoolPlan, prefixesAround, tunnelEnds, type PoolPlan } from "./addressing.ts";

function prefix(text: string): Ipv6Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

const plans: fc.Arbitrary<PoolPlan> = fc
  .record({
    kind: fc.constantFrom(
      { purpose: "tunnel" as const, lengthBits: 64 },
      { purpose: "tunnel" as const, lengthBits: 127 },
      { purpose: "tunnel" as const, lengthBits: 128 },
      { purpose: "delegation" as const, lengthBits: 48 },
      { purpose: "delegation" as const, lengthBits: 64 },
    ),
    address: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    shorter: fc.integer({ min: 0, max: 40 }),
  })
  .map(({ kind, address, shorter }) => ({ ...kind, prefix: makePrefix(makeIpv6(address), kind.lengthBits - shorter) }))
  .filter(isPoolPlan);

test("every position of a pool is a prefix inside it, and a tunnel's ends are two addresses of its own pool", () => {
  const check = fc.property(plans, fc.bigInt({ min: 0n, max: 1n << 40n }), (plan, wish) => {
    const first = firstPosition(plan);
    const position = first + (wish % capacityOf(plan));
    const given = subprefixAt(plan.prefix, plan.lengthBits, position);
    assert.ok(containsPrefix(plan.prefix, given));
    if (plan.purpose !== "tunnel") return;
    const { popAddress, clientAddress } = tunnelEnds(plan.prefix, given);
    assert.notEqual(popAddress.value, clientAddress.value);
    assert.ok(containsAddress(given, clientAddress));
    assert.ok(containsAddress(plan.lengthBits === 128 ? plan.prefix : given, popAddress));
  });
  fc.assert(check);
});

test("the last position and no further fits", () => {
  for (const [text, lengthBits, capacity] of [
    ["2001:db8::/48", 64, 65_536n],
    ["2001:db8::/64", 64, 1n],
    ["2001:db8::/126", 127, 1n],
    ["2001:db8::2/127", 127, 1n],
    ["2001:db8::/127", 128, 1n],
    ["2001:db8::/64", 128, (1n << 64n) - 1n],
  ] as const) {
    const plan = { purpose: "tunnel" as const, prefix: prefix(text), lengthBits };
    assert.ok(isPoolPlan(plan));
    assert.equal(capacityOf(plan), capacity, text);
    assert.equal(firstPosition(plan) + capacityOf(plan), countSubprefixes(plan.prefix, lengthBits));
  }
});

test("an on-link /126 gives the pair ::2 and ::3, as story 4 of a server with three addresses needs it", () => {
  const plan = { purpose: "tunnel" as const, prefix: prefix("2001:db8::/126"), lengthBits: 127 };
  const pair = subprefixAt(plan.prefix, 127, firstPosition(plan));
  const { popAddress, clientAddress } = tunnelEnds(plan.prefix, pair);
  assert.deepEqual([formatIpv6(popAddress), formatIpv6(clientAddress)], ["2001:db8::2", "2001:db8::3"]);
});

test("a length that is no number, another purpose's, or longer than fits is no plan", () => {
  const base = { purpose: "tunnel" as const, prefix: prefix("2001:db8::/64"), lengthBits: 64 };
  assert.ok(isPoolPlan(base));
  for (const wrong of [
    { ...base, lengthBits: 48 },
    { ...base, lengthBits: Number.NaN },
    { ...base, lengthBits: 127.5 },
    { ...base, purpose: "delegation" as const, lengthBits: 127 },
    { ...base, prefix: prefix("2001:db8::/65") },
    { ...base, prefix: prefix("2001:db8::1/128"), lengthBits: 128 },
  ]) {
    assert.ok(!isPoolPlan(wrong));
  }
});

test("addresses with a meaning of their own are no pool", () => {
  for (const text of ["::/0", "::1/128", "::ffff:0:0/96", "64:ff9b::/96", "fe80::/10", "fec0::/10", "ff00::/8", "f000::/4"]) {
    assert.ok(isForbidden(prefix(text)), text);
  }
  for (const text of ["2000::/3", "2001:db8::/32", "fd00::/8"]) assert.ok(!isForbidden(prefix(text)), text);
});

test("every prefix that pools give and that holds an address is among those around it", () => {
  const check = fc.property(plans, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (plan, value) => {
    const inside = makePrefix(makeIpv6(value), plan.lengthBits);
    assert.ok(prefixesAround(makeIpv6(value)).map(formatPrefix).includes(formatPrefix(inside)));
  });
  fc.assert(check);
});
