import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeIpv6Header } from "../ipv6/header.ts";
import { makeIpv6 } from "@tombolo/base";
import { decapsulateEcn, decapsulatedEcn, ecn, encapsulatedTos, trafficClassAt } from "./ecn.ts";

function packetOf(trafficClass: number): Uint8Array {
  const address = makeIpv6(1n);
  const rest = { flowLabel: 0xfffff, payloadLength: 0, nextHeader: 59, hopLimit: 1, source: address, destination: address };
  return encodeIpv6Header({ trafficClass, ...rest });
}

test("decapsulation follows the table of RFC 6040 section 4.2, cell by cell", () => {
  const { notEct, ect0, ect1, ce } = ecn;
  const outers = [notEct, ect0, ect1, ce];
  const table: readonly (readonly [number, readonly number[]])[] = [
    [notEct, [notEct, notEct, notEct, -1]],
    [ect0, [ect0, ect0, ect1, ce]],
    [ect1, [ect1, ect1, ect1, ce]],
    [ce, [ce, ce, ce, ce]],
  ];
  for (const [inner, row] of table) {
    assert.deepEqual(
      outers.map((outer) => decapsulatedEcn(inner, outer)),
      row,
    );
  }
});

test("encapsulation copies ECN, and DSCP only by policy", () => {
  for (let trafficClass = 0; trafficClass < 256; trafficClass += 1) {
    assert.equal(encapsulatedTos(trafficClass, false), trafficClass & 3);
    assert.equal(encapsulatedTos(trafficClass, true), trafficClass);
  }
});

test("only the two ECN bits of the inner packet ever change", () => {
  for (let trafficClass = 0; trafficClass < 256; trafficClass += 1) {
    for (let tos = 0; tos < 256; tos += 5) {
      const packet = packetOf(trafficClass);
      const expected = decapsulatedEcn(trafficClass, tos);
      assert.equal(decapsulateEcn(packet, 0, tos), expected >= 0);
      const after = expected < 0 ? trafficClass : (trafficClass & 0xfc) | expected;
      assert.deepEqual(packet, packetOf(after));
      assert.equal(trafficClassAt(packet, 0), after);
    }
  }
});

test("an outer TOS that the kernel did not show changes nothing", () => {
  const packet = packetOf(ecn.ect0);
  assert.equal(decapsulateEcn(packet, 0, -1), true);
  assert.deepEqual(packet, packetOf(ecn.ect0));
});
