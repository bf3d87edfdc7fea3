import assert from "node:assert/strict";
import { test } from "node:test";
import { makeIpv6, makeSeededNumbers, makeSeededRandom } from "@tombolo/base";
import { makeUpperLayer, maxExtensionHeaders, walkExtensions } from "./extension.ts";
import { encodeIpv6Header, ipv6HeaderBytes, nextHeaders } from "./header.ts";

const plain = (next: number): number[] => [next, 0, 0, 0, 0, 0, 0, 0];

function packetOf(first: number, payload: readonly number[]): Uint8Array {
  const packet = new Uint8Array(ipv6HeaderBytes + payload.length);
  const address = makeIpv6(1n);
  packet.set(
    encodeIpv6Header({
      trafficClass: 0,
      flowLabel: 0,
      payloadLength: payload.length,
      nextHeader: first,
      hopLimit: 1,
      source: address,
      destination: address,
    }),
  );
  packet.set(payload, ipv6HeaderBytes);
  return packet;
}

test("without extension headers the walk ends at once", () => {
  const found = makeUpperLayer();
  assert.equal(walkExtensions(packetOf(nextHeaders.udp, [1, 2, 3]), 0, found), undefined);
  assert.deepEqual(found, { protocol: nextHeaders.udp, at: 40, laterFragment: false, routingType0: false });
});

test("hop-by-hop, destination options, authentication and the first fragment are passed with their own lengths", () => {
  const found = makeUpperLayer();
  const { destinationOptions, authentication, fragment, icmpv6 } = nextHeaders;
  const authenticated = [fragment, 1, ...Array<number>(10).fill(0)];
  const firstFragment = [icmpv6, 0, 0, 1, 0, 0, 0, 0];
  const long = [authentication, 1, ...Array<number>(14).fill(0)];
  const payload = [...plain(destinationOptions), ...long, ...authenticated, ...firstFragment, 128, 0];
  assert.equal(walkExtensions(packetOf(nextHeaders.hopByHop, payload), 0, found), undefined);
  assert.deepEqual(found, { protocol: icmpv6, at: 40 + 8 + 16 + 12 + 8, laterFragment: false, routingType0: false });
});

test("a later fragment is told, and what follows is not taken for a header", () => {
  const found = makeUpperLayer();
  const later = [nextHeaders.destinationOptions, 0, 0, 8, 0, 0, 0, 0];
  assert.equal(walkExtensions(packetOf(nextHeaders.fragment, [...later, 255, 255]), 0, found), undefined);
  assert.equal(found.laterFragment, true);
  assert.equal(found.at, 48);
});

test("a routing header of type 0 counts only with segments left (RFC 5095)", () => {
  const found = makeUpperLayer();
  const routing = (type: number, left: number): number[] => [nextHeaders.none, 0, type, left, 0, 0, 0, 0];
  for (const [type, left, expected] of [
    [0, 1, true],
    [0, 0, false],
    [4, 1, false],
  ] as const) {
    assert.equal(walkExtensions(packetOf(nextHeaders.routing, routing(type, left)), 0, found), undefined);
    assert.equal(found.routingType0, expected);
  }
});

test("a header that ends behind the payload, or hop-by-hop in the wrong place, or too many of them are faults", () => {
  const found = makeUpperLayer();
  const { destinationOptions, hopByHop } = nextHeaders;
  assert.equal(walkExtensions(packetOf(destinationOptions, [59, 0, 0]), 0, found), "extension-cut-short");
  assert.equal(walkExtensions(packetOf(destinationOptions, [59, 1, 0, 0, 0, 0, 0, 0]), 0, found), "extension-cut-short");
  assert.equal(walkExtensions(packetOf(destinationOptions, plain(hopByHop)), 0, found), "hop-by-hop-misplaced");
  const chain = (length: number): number[] => Array.from({ length }, () => plain(destinationOptions)).flat();
  const atBound = [...chain(maxExtensionHeaders - 1), ...plain(nextHeaders.none)];
  assert.equal(walkExtensions(packetOf(destinationOptions, atBound), 0, found), undefined);
  assert.equal(walkExtensions(packetOf(destinationOptions, chain(maxExtensionHeaders + 1)), 0, found), "too-many-extensions");
});

test("random chains never lead outside the packet", () => {
  const found = makeUpperLayer();
  const random = makeSeededRandom(5);
  const number = makeSeededNumbers(5);
  const kinds = [
    nextHeaders.hopByHop,
    nextHeaders.routing,
    nextHeaders.fragment,
    nextHeaders.authentication,
    nextHeaders.destinationOptions,
  ];
  for (let round = 0; round < 3000; round += 1) {
    const packet = packetOf(kinds[number(kinds.length)] ?? 0, [...random(number(120))]);
    walkExtensions(packet, 0, found);
    assert.ok(found.at <= packet.length);
  }
});
