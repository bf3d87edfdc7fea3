import assert from "node:assert/strict";
import { isIPv4 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { encodeIpv4, formatIpv4, isIpv4Endpoint, makeIpv4, parseIpv4 } from "./ipv4.ts";

test("every address survives the round trip, and the platform takes its text", () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), (value) => {
      const text = formatIpv4(makeIpv4(value));
      assert.ok(isIPv4(text));
      assert.deepEqual(parseIpv4(text), { ok: true, value: { family: 4, value } });
    }),
  );
});

test("what is an address agrees with the platform", () => {
  const piece = fc.constantFrom(
    "0",
    "1",
    "9",
    "10",
    "127",
    "255",
    "256",
    "01",
    "00",
    "999",
    "1000",
    ".",
    "..",
    "",
    " ",
    "x",
    "-1",
    "+1",
    "1e1",
    "0x7f",
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), fc.constantFrom(".", ""), (pieces, between) => {
      const text = pieces.join(between);
      assert.equal(parseIpv4(text).ok, isIPv4(text), text);
    }),
    { numRuns: 2000 },
  );
});

test("octal, short, hexadecimal and padded forms are refused, because readers disagree about them", () => {
  for (const text of [
    "010.0.0.1",
    "1.2.3",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4\n",
    "1.2.3.4.5",
    "1..3.4",
    "",
    "1.2.3.256",
  ]) {
    assert.equal(parseIpv4(text).ok, false, text);
  }
});

test("four bytes in network order", () => {
  assert.deepEqual(encodeIpv4(makeIpv4(0xc000_0201)), Uint8Array.of(192, 0, 2, 1));
});

test("this network, loopback, multicast, reserved and broadcast are no endpoints", () => {
  const isEndpoint = (text: string): boolean => {
    const address = parseIpv4(text);
    assert.ok(address.ok);
    return isIpv4Endpoint(address.value);
  };
  for (const text of ["0.0.0.0", "0.255.255.255", "127.0.0.1", "127.255.255.255", "224.0.0.0", "239.1.2.3", "240.0.0.1", "255.255.255.255"])
    assert.equal(isEndpoint(text), false, text);
  for (const text of ["1.0.0.0", "10.1.2.3", "126.255.255.255", "128.0.0.0", "192.0.2.1", "223.255.255.255"])
    assert.equal(isEndpoint(text), true, text);
});
