import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeIpv6, makeIpv4, parseIpv4, parseIpv6, type Ipv4Address } from "@tombolo/base";
import { encodeIpv6Header } from "../ipv6/header.ts";
import { decapsulationRefusals, findDecapsulationRefusal, findInvalidInnerSource, outerSourceIsValid, strippedBytes } from "./checks.ts";

function ipv4(text: string): Ipv4Address {
  const address = parseIpv4(text);
  assert.ok(address.ok);
  return address.value;
}

function ipv6(text: string): Uint8Array {
  const address = parseIpv6(text);
  assert.ok(address.ok);
  return encodeIpv6(address.value);
}

function packetFrom(source: string): Uint8Array {
  const from = parseIpv6(source);
  const to = parseIpv6("2001:db8::1");
  assert.ok(from.ok && to.ok);
  const addresses = { source: from.value, destination: to.value };
  return encodeIpv6Header({ trafficClass: 0, flowLabel: 0, payloadLength: 0, nextHeader: 59, hopLimit: 64, ...addresses });
}

test("an outer source is one host's: not this network, loopback, multicast, reserved or broadcast", () => {
  for (const text of ["0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"]) {
    assert.equal(outerSourceIsValid(ipv4(text)), false, text);
  }
  for (const text of ["1.1.1.1", "10.0.0.1", "126.255.255.255", "128.0.0.1", "192.0.2.1", "223.255.255.255"]) {
    assert.equal(outerSourceIsValid(ipv4(text)), true, text);
  }
});

test("an inner source is one node's own (RFC 4213 section 4)", () => {
  const cases = {
    "::": "unspecified",
    "::1": "loopback",
    "ff02::1": "multicast",
    "ff00::": "multicast",
    "::ffff:192.0.2.1": "ipv4-mapped",
    "::192.0.2.1": "ipv4-compatible",
    "::2": "ipv4-compatible",
    "fe80::1": "link-local",
    "febf:ffff::1": "link-local",
    "2002:c000:201::1": "6to4",
    "2001:db8::2": undefined,
    "::1:0:0:0": undefined,
    "::fffe:192.0.2.1": undefined,
    "fec0::1": undefined,
    "fc00::1": undefined,
    "64:ff9b::1": undefined,
    "2003::1": undefined,
  } as const;
  for (const [text, expected] of Object.entries(cases)) {
    assert.equal(findInvalidInnerSource(Uint8Array.from([1, 2, 3, ...ipv6(text)]), 3), expected, text);
  }
});

test("each refusal of the closed list has its packet, in its turn", () => {
  const source = ipv4("198.51.100.7");
  const good = packetFrom("2001:db8::2");
  const outer = { source, expected: source };
  assert.equal(findDecapsulationRefusal(good, 0, 40, outer), undefined);
  const seen = [
    findDecapsulationRefusal(good, 0, 40, { source: makeIpv4(0), expected: makeIpv4(0) }),
    findDecapsulationRefusal(good, 0, 40, { source, expected: ipv4("198.51.100.8") }),
    findDecapsulationRefusal(good, 0, 39, outer),
    findDecapsulationRefusal(good.with(0, 0x45), 0, 40, outer),
    findDecapsulationRefusal(good.with(5, 1), 0, 40, outer),
    findDecapsulationRefusal(packetFrom("fe80::2"), 0, 40, outer),
  ];
  assert.deepEqual(seen, decapsulationRefusals);
  assert.equal(findDecapsulationRefusal(good, 0, 40, { source, expected: undefined }), "outer-source-unknown");
});

test("padding behind the inner packet is stripped", () => {
  const padded = new Uint8Array(64);
  padded.set(packetFrom("2001:db8::2"));
  assert.equal(strippedBytes(padded, 0, 64), 40);
});
