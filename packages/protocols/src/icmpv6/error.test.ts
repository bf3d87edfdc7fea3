import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeIpv6, formatHex, makeSeededRandom, parseIpv6, type Ipv6Address } from "@tombolo/base";
import { drillEncoder } from "@tombolo/testkit";
import { encodeIpv6Header, ipv6At, ipv6MinimumMtuBytes } from "../ipv6/header.ts";
import { checksumIsRight } from "./checksum.ts";
import { encodeIcmpv6Error, mayAnswerWithError, maxQuoteBytes } from "./error.ts";
import { decodeIcmpv6 } from "./message.ts";
import { icmpv6Types, parameterProblemCodes, unreachableCodes } from "./types.ts";

const host = "2001:db8:1::2";
const gateway = encodeIpv6(addressOf("2001:db8:ffff::1"));

function addressOf(text: string): Ipv6Address {
  const address = parseIpv6(text);
  assert.ok(address.ok);
  return address.value;
}

function packetOf(options: { source?: string; destination?: string; nextHeader?: number; payload?: readonly number[] }): Uint8Array {
  const payload = Uint8Array.from(options.payload ?? [0, 80, 0, 81, 0, 8, 0, 0]);
  const header = encodeIpv6Header({
    trafficClass: 0,
    flowLabel: 0,
    payloadLength: payload.length,
    nextHeader: options.nextHeader ?? 17,
    hopLimit: 1,
    source: addressOf(options.source ?? host),
    destination: addressOf(options.destination ?? "2001:db8:2::1"),
  });
  return Uint8Array.from([...header, ...payload]);
}

const mayAnswer = (packet: Uint8Array): boolean => mayAnswerWithError(packet, 0, packet.length);

test("an error goes to the offending source, quotes the packet, and its checksum is right", () => {
  const offending = packetOf({});
  const written = drillEncoder((out, at) =>
    encodeIcmpv6Error(out, at, {
      type: icmpv6Types.packetTooBig,
      code: 0,
      parameter: 1280,
      source: gateway,
      offending,
      offendingAt: 0,
      offendingLength: offending.length,
    }),
  );
  assert.equal(checksumIsRight(written, 0, written.length), true);
  assert.equal(formatHex(written.subarray(ipv6At.destination, 40)), formatHex(encodeIpv6(addressOf(host))));
  assert.equal(formatHex(written.subarray(ipv6At.source, 24)), formatHex(gateway));
  assert.equal(written[ipv6At.hopLimit], 64);
  assert.deepEqual(decodeIcmpv6(written), {
    ok: true,
    value: { kind: "error", type: icmpv6Types.packetTooBig, code: 0, parameter: 1280, quote: offending },
  });
});

test("the whole error is never above 1280 bytes (RFC 4443 section 2.4 c)", () => {
  for (const length of [1231, 1232, 1233, 1500, 60_000]) {
    const room = new Uint8Array(length + 8);
    room.set(packetOf({ payload: [...makeSeededRandom(1)(length - 40)] }), 8);
    const out = new Uint8Array(2000);
    const error = { type: 1, code: unreachableCodes.noRoute, parameter: 0, source: gateway };
    const written = encodeIcmpv6Error(out, 0, { ...error, offending: room, offendingAt: 8, offendingLength: length });
    assert.equal(written, Math.min(ipv6MinimumMtuBytes, 48 + length));
    assert.equal(checksumIsRight(out, 0, written), true);
    const quoted = Math.min(length, maxQuoteBytes);
    assert.equal(formatHex(out.subarray(48, 48 + quoted)), formatHex(room.subarray(8, 8 + quoted)));
  }
});

test("a parameter above 2^31 is written whole", () => {
  const offending = packetOf({});
  const out = new Uint8Array(200);
  const problem = { type: icmpv6Types.parameterProblem, code: parameterProblemCodes.header };
  const wish = { ...problem, source: gateway, offending, offendingAt: 0, offendingLength: offending.length };
  const length = encodeIcmpv6Error(out, 0, { ...wish, parameter: 0xfedc_ba98 });
  const decoded = decodeIcmpv6(out.subarray(0, length));
  assert.ok(decoded.ok && decoded.value.kind === "error");
  assert.equal(decoded.value.parameter, 0xfedc_ba98);
});

test("what may be answered: data, echo, and neighbour messages from one node to one node", () => {
  assert.equal(mayAnswer(packetOf({})), true);
  assert.equal(mayAnswer(packetOf({ nextHeader: 6 })), true);
  for (const type of [128, 129, 135, 200])
    assert.equal(mayAnswer(packetOf({ nextHeader: 58, payload: [type, 0, 0, 0, 0, 0, 0, 0] })), true);
});

test("never an error about an error or a redirect, also behind extension headers", () => {
  for (const type of [0, 1, 2, 3, 4, 100, 127, 137]) {
    const message = [type, 0, 0, 0, 0, 0, 0, 0];
    assert.equal(mayAnswer(packetOf({ nextHeader: 58, payload: message })), false);
    assert.equal(mayAnswer(packetOf({ nextHeader: 60, payload: [58, 0, 0, 0, 0, 0, 0, 0, ...message] })), false);
    assert.equal(mayAnswer(packetOf({ nextHeader: 44, payload: [58, 0, 0, 1, 0, 0, 0, 0, ...message] })), false);
  }
});

test("no error about ICMPv6 whose type cannot be seen", () => {
  assert.equal(mayAnswer(packetOf({ nextHeader: 58, payload: [] })), false);
  assert.equal(mayAnswer(packetOf({ nextHeader: 44, payload: [58, 0, 0, 8, 0, 0, 0, 0, 128, 0] })), false);
});

test("never an error to multicast, the unspecified address, or about a packet to multicast", () => {
  assert.equal(mayAnswer(packetOf({ source: "::" })), false);
  assert.equal(mayAnswer(packetOf({ source: "ff02::1" })), false);
  assert.equal(mayAnswer(packetOf({ destination: "ff02::2" })), false);
});

test("no error about bytes that are not a whole IPv6 packet", () => {
  const packet = packetOf({});
  for (let length = 0; length < packet.length; length += 1) assert.equal(mayAnswerWithError(packet, 0, length), false);
  assert.equal(mayAnswerWithError(packet, 4, packet.length), false);
});
