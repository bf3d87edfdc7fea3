import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatIpv6, formatIpv6Reverse, makeIpv6, parseIpv6 } from "./ipv6.ts";
import {
  addressAt,
  containsAddress,
  containsPrefix,
  countSubprefixes,
  formatPrefix,
  formatPrefixReverse,
  makePrefix,
  overlapsPrefix,
  parsePrefix,
  subprefixAt,
  type Ipv6Prefix,
} from "./prefix.ts";

const all = (1n << 128n) - 1n;
const values = fc.bigInt({ min: 0n, max: all });
const prefixes = fc.tuple(values, fc.nat(128)).map(([value, length]) => makePrefix(makeIpv6(value), length));

function prefixOf(text: string): Ipv6Prefix {
  const prefix = parsePrefix(text);
  assert.ok(prefix.ok, text);
  return prefix.value;
}

/** The first `lengthBits` binary digits. */
const head = (value: bigint, lengthBits: number): string => value.toString(2).padStart(128, "0").slice(0, lengthBits);

test("every prefix survives the round trip", () => {
  fc.assert(fc.property(prefixes, (prefix) => assert.deepEqual(parsePrefix(formatPrefix(prefix)), { ok: true, value: prefix })));
});

test("what is no prefix has its own reason each", () => {
  const reason = (text: string): string => {
    const prefix = parsePrefix(text);
    return prefix.ok ? "taken" : prefix.reason;
  };
  for (const text of [
    "",
    "/",
    "::",
    "::/",
    "/64",
    "x/64",
    "::/064",
    "::/-1",
    "::/1.5",
    "::/ 1",
    "::/1 ",
    "::/64/64",
    "::/1234",
    "192.0.2.0/24",
  ]) {
    assert.equal(reason(text), "not-a-prefix", text);
  }
  assert.equal(reason("::/129"), "length-out-of-range");
  assert.equal(reason("2001:db8::1/64"), "host-bits-set");
  assert.equal(reason("8000::/0"), "host-bits-set");
  assert.equal(reason("::1/128"), "taken");
  assert.equal(reason("::/0"), "taken");
});

test("bits behind the length are zero, whatever came in", () => {
  fc.assert(
    fc.property(values, fc.nat(128), (value, length) => {
      const prefix = makePrefix(makeIpv6(value), length);
      assert.equal(head(prefix.address.value, length), head(value, length));
      assert.equal(prefix.address.value & ((1n << BigInt(128 - length)) - 1n), 0n);
    }),
  );
  for (const length of [-1, 129, 1.5, Number.NaN]) assert.throws(() => makePrefix(makeIpv6(0n), length));
});

test("containing equals comparing binary digits", () => {
  const near = fc.tuple(prefixes, fc.nat(127)).map(([prefix, bit]) => prefix.address.value ^ (1n << BigInt(bit)));
  fc.assert(
    fc.property(prefixes, fc.oneof(values, near), (prefix, value) => {
      const expected = head(prefix.address.value, prefix.lengthBits) === head(value, prefix.lengthBits);
      assert.equal(containsAddress(prefix, makeIpv6(value)), expected);
    }),
  );
});

test("a prefix contains itself and its parts; two overlap exactly when one contains the other", () => {
  fc.assert(
    fc.property(prefixes, fc.nat(128), values, (whole, cut, value) => {
      const length = Math.max(whole.lengthBits, cut);
      const part = makePrefix(makeIpv6(whole.address.value | (value & ((1n << BigInt(128 - whole.lengthBits)) - 1n))), length);
      assert.ok(containsPrefix(whole, whole) && containsPrefix(whole, part) && overlapsPrefix(part, whole));
      assert.equal(containsPrefix(part, whole), part.lengthBits === whole.lengthBits);
      if (whole.lengthBits > 0) {
        const beside = makePrefix(makeIpv6(whole.address.value ^ (1n << BigInt(128 - whole.lengthBits))), whole.lengthBits);
        assert.equal(overlapsPrefix(beside, part), false);
      }
    }),
  );
});

test("the n-th part of a pool is base + n times its size", () => {
  const pool = prefixOf("2001:db8:2ff::/48");
  assert.equal(countSubprefixes(pool, 64), 65_536n);
  assert.equal(formatPrefix(subprefixAt(pool, 64, 0n)), "2001:db8:2ff::/64");
  assert.equal(formatPrefix(subprefixAt(pool, 64, 0x3e9n)), "2001:db8:2ff:3e9::/64");
  assert.equal(formatPrefix(subprefixAt(pool, 64, 65_535n)), "2001:db8:2ff:ffff::/64");
  assert.equal(formatIpv6(addressAt(subprefixAt(pool, 64, 1n), 2n)), "2001:db8:2ff:1::2");
  assert.equal(countSubprefixes(prefixOf("::/0"), 128), 1n << 128n);
  assert.throws(() => subprefixAt(pool, 64, 65_536n));
  assert.throws(() => subprefixAt(pool, 64, -1n));
  assert.throws(() => countSubprefixes(pool, 47));
  assert.throws(() => countSubprefixes(pool, 129));
  assert.throws(() => addressAt(prefixOf("2001:db8::/127"), 2n));
  assert.throws(() => addressAt(prefixOf("2001:db8::/127"), -1n));
});

test("parts are inside, in order, and do not overlap", () => {
  fc.assert(
    fc.property(prefixes, fc.integer({ min: 1, max: 16 }), (whole, more) => {
      const length = Math.min(128, whole.lengthBits + more);
      const last = countSubprefixes(whole, length) - 1n;
      const [first, end] = [subprefixAt(whole, length, 0n), subprefixAt(whole, length, last)];
      assert.ok(containsPrefix(whole, first) && containsPrefix(whole, end));
      assert.equal(overlapsPrefix(first, end), last === 0n);
    }),
  );
});

test("reverse zones are the tail of their addresses' names", () => {
  assert.equal(formatPrefixReverse(prefixOf("2001:db8::/32")), "8.b.d.0.1.0.0.2.ip6.arpa");
  assert.equal(formatPrefixReverse(prefixOf("::/0")), "ip6.arpa");
  assert.throws(() => formatPrefixReverse(prefixOf("2001:db8::/33")));
  fc.assert(
    fc.property(values, fc.nat(32), (value, digits) => {
      const zone = formatPrefixReverse(makePrefix(makeIpv6(value), 4 * digits));
      assert.ok(`.${formatIpv6Reverse(makeIpv6(value))}`.endsWith(`.${zone}`));
    }),
  );
});

test("an address at an offset is found again", () => {
  const text = parseIpv6("2001:db8:0:1::2");
  assert.ok(text.ok);
  assert.equal(addressAt(prefixOf("2001:db8:0:1::/64"), 2n).value, text.value.value);
});
