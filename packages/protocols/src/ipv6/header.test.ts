import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex, makeIpv6, parseHex } from "@tombolo/base";
import { drillDecoder } from "@tombolo/testkit";
import fc from "fast-check";
import { decodeIpv6Header, encodeIpv6Header, findIpv6Fault, ipv6HeaderBytes, ipv6PacketBytes, type Ipv6Header } from "./header.ts";

const sample = parseHex("6b3abcde 0002 3b 40 20010db8000000000000000000000001 20010db8000000000000000000000002 cafe");
assert.ok(sample.ok);

const headers: fc.Arbitrary<Ipv6Header> = fc.record(
  {
    trafficClass: fc.integer({ min: 0, max: 255 }),
    flowLabel: fc.integer({ min: 0, max: 0xfffff }),
    payloadLength: fc.integer({ min: 0, max: 200 }),
    nextHeader: fc.integer({ min: 0, max: 255 }),
    hopLimit: fc.integer({ min: 0, max: 255 }),
    source: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(makeIpv6),
    destination: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(makeIpv6),
  },
  { noNullPrototype: true },
);

test("a known header gives its fields", () => {
  const decoded = decodeIpv6Header(sample.value);
  assert.ok(decoded.ok);
  const { trafficClass, flowLabel, payloadLength, nextHeader, hopLimit } = decoded.value;
  assert.deepEqual([trafficClass, flowLabel, payloadLength, nextHeader, hopLimit], [0xb3, 0xabcde, 2, 59, 64]);
  assert.equal(formatHex(encodeIpv6Header(decoded.value)), formatHex(sample.value.subarray(0, ipv6HeaderBytes)));
});

test("every header survives the round trip", () => {
  fc.assert(
    fc.property(headers, (header) => {
      const packet = new Uint8Array(ipv6HeaderBytes + header.payloadLength);
      packet.set(encodeIpv6Header(header));
      assert.deepEqual(decodeIpv6Header(packet), { ok: true, value: header });
    }),
  );
});

test("the header decoder passes the drill", () => {
  drillDecoder({ samples: [sample.value], decode: decodeIpv6Header, reasons: ["too-short", "not-version-6", "payload-cut-short"] });
});

test("bytes after the payload are tolerated and not counted", () => {
  const padded = new Uint8Array(100);
  padded.set(sample.value);
  assert.equal(findIpv6Fault(padded, 0, 100), undefined);
  assert.equal(ipv6PacketBytes(padded, 0), 42);
});

test("a range that is not inside the array is refused", () => {
  assert.equal(findIpv6Fault(sample.value, 1, sample.value.length), "too-short");
  assert.equal(findIpv6Fault(sample.value, -1, 42), "too-short");
});
