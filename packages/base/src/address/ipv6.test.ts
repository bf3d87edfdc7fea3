import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { decodeIpv6, encodeIpv6, equalIpv6, formatIpv6, formatIpv6Expanded, formatIpv6Reverse, makeIpv6, parseIpv6 } from "./ipv6.ts";

const all = (1n << 128n) - 1n;

/** Addresses with runs of zeros in them, which random ones never have. */
const sparse = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.constantFrom(1, 0xffff, 0xdb8), fc.nat(0xffff)), {
    minLength: 8,
    maxLength: 8,
  })
  .map((groups) => groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n));
const values = fc.oneof(sparse, fc.bigInt({ min: 0n, max: all }));

function canonical(text: string): string {
  const address = parseIpv6(text);
  assert.ok(address.ok, text);
  return formatIpv6(address.value);
}

/** RFC 5952 section 4 by its letter: try every way to shorten, take the shortest, of equals the leftmost run. */
function naiveFormat(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  let best: { readonly from: number; readonly to: number } | undefined;
  for (let from = 0; from < 8; from += 1) {
    for (let to = from + 2; to <= 8; to += 1) {
      if (groups.slice(from, to).some((group) => group !== "0")) continue;
      if (best === undefined || to - from > best.to - best.from) best = { from, to };
    }
  }
  return best === undefined ? groups.join(":") : `${groups.slice(0, best.from).join(":")}::${groups.slice(best.to).join(":")}`;
}

test("the examples of RFC 5952 come out in canonical form", () => {
  const examples: Readonly<Record<string, string>> = {
    // Sections 1 and 2.
    "2001:db8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:0db8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:db8::1:0:0:1": "2001:db8::1:0:0:1",
    "2001:db8::0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:DB8:0:0:1::1": "2001:db8::1:0:0:1",
    "2001:db8:0000:0:1::1": "2001:db8::1:0:0:1",
    "2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001": "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1",
    "2001:db8:aaaa:bbbb:cccc:dddd:0:1": "2001:db8:aaaa:bbbb:cccc:dddd:0:1",
    "2001:db8:0:0:0::1": "2001:db8::1",
    "2001:db8:aaaa:bbbb:cccc:dddd:eeee:AaAa": "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa",
    // Section 4.2: as short as can be, never for one group, the longest run, of equals the first.
    "2001:db8:0:0:0:0:2:1": "2001:db8::2:1",
    "2001:db8::0:1": "2001:db8::1",
    "2001:db8::1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1": "2001:0:0:1::1",
    // Section 5: mixed notation of mapped addresses.
    "::ffff:c000:201": "::ffff:192.0.2.1",
    "0:0:0:0:0:FFFF:192.0.2.1": "::ffff:192.0.2.1",
    // The edges.
    "0:0:0:0:0:0:0:0": "::",
    "::1": "::1",
    "1::": "1::",
    "0:1::": "0:1::",
    "::1:0:0": "::1:0:0",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::192.0.2.1": "::c000:201",
    "64:ff9b::192.0.2.33": "64:ff9b::c000:221",
  };
  for (const [text, expected] of Object.entries(examples)) assert.equal(canonical(text), expected, text);
});

test("every address survives the round trip of both texts, and the platform takes them", () => {
  fc.assert(
    fc.property(values, (value) => {
      const address = makeIpv6(value);
      for (const text of [formatIpv6(address), formatIpv6Expanded(address)]) {
        assert.ok(isIPv6(text), text);
        assert.deepEqual(parseIpv6(text), { ok: true, value: address });
      }
    }),
  );
});

test("canonical text equals that of a naive reference, mapped addresses aside", () => {
  fc.assert(
    fc.property(values, (value) => {
      fc.pre(value >> 32n !== 0xffffn);
      assert.equal(formatIpv6(makeIpv6(value)), naiveFormat(value));
    }),
    { numRuns: 1000 },
  );
});

test("what is an address agrees with the platform, zones aside", () => {
  const piece = fc.constantFrom(":", ":", "::", "0", "1", "ab", "ffff", "FFFF", "12345", "g", "1.2.3.4", "1.2.3", "01.2.3.4", ".", " ", "");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 17 }), (pieces) => {
      const text = pieces.join("");
      assert.equal(parseIpv6(text).ok, isIPv6(text), text);
    }),
    { numRuns: 5000 },
  );
});

test("text built of eight groups and a run left out agrees with the platform", () => {
  const group = fc.constantFrom("0", "1", "db8", "ffff", "0000", "00000", "x");
  fc.assert(
    fc.property(fc.array(group, { maxLength: 9 }), fc.nat(9), fc.boolean(), (groups, cut, elided) => {
      const at = Math.min(cut, groups.length);
      const text = elided ? `${groups.slice(0, at).join(":")}::${groups.slice(at).join(":")}` : groups.join(":");
      assert.equal(parseIpv6(text).ok, isIPv6(text), text);
    }),
    { numRuns: 3000 },
  );
});

test("zones, brackets, prefixes, blanks and overlong text are refused", () => {
  for (const text of [
    "fe80::1%eth0",
    "::1%",
    "[::1]",
    "::1/128",
    " ::1",
    "::1 ",
    "::1\n",
    ":::",
    "1::2::3",
    "::1.2.3.4:5",
    "0".repeat(10_000),
  ]) {
    assert.equal(parseIpv6(text).ok, false, text.slice(0, 20));
  }
});

test("sixteen bytes in network order survive the round trip", () => {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = encodeIpv6(makeIpv6(value));
      assert.equal(bytes.length, 16);
      assert.equal(Buffer.from(bytes).toString("hex"), value.toString(16).padStart(32, "0"));
      assert.equal(decodeIpv6(bytes).value, value);
    }),
  );
  assert.throws(() => decodeIpv6(new Uint8Array(15)));
});

test("a number of more than 128 bits, or below zero, is our own bug", () => {
  assert.throws(() => makeIpv6(1n << 128n));
  assert.throws(() => makeIpv6(-1n));
});

test("expanded text sorts as addresses do", () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      assert.equal(a < b, formatIpv6Expanded(makeIpv6(a)) < formatIpv6Expanded(makeIpv6(b)));
      assert.equal(equalIpv6(makeIpv6(a), makeIpv6(b)), a === b);
    }),
  );
});

test("the reverse name is that of RFC 3596 section 2.5", () => {
  const address = parseIpv6("4321:0:1:2:3:4:567:89ab");
  assert.ok(address.ok);
  assert.equal(formatIpv6Reverse(address.value), "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
});
