import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeIpv6, formatHex, makeIpv6, parseHex, parseIpv6 } from "@tombolo/base";
import { drillDecoder, drillEncoder, flipEveryBit } from "@tombolo/testkit";
import fc from "fast-check";
import { encodeIpv6Header } from "../ipv6/header.ts";
import { checksumIsRight, writeIcmpv6Checksum } from "./checksum.ts";
import { encodeEchoReplyInto, encodeEchoRequest } from "./echo.ts";
import { decodeIcmpv6 } from "./message.ts";

// The inner packets of ayiya.md section 4, examples B and C.
const request = bytesOf(
  "6000000000103a40 20010db802ff00010000000000000002 20010db802ff00010000000000000001 8000cc0612340001 5369785853212121",
);
const reply = bytesOf(
  "6000000000103a40 20010db802ff00010000000000000001 20010db802ff00010000000000000002 8100cb0612340001 5369785853212121",
);

function bytesOf(hex: string): Uint8Array {
  const bytes = parseHex(hex);
  assert.ok(bytes.ok);
  return bytes.value;
}

function answer(packet: Uint8Array): Uint8Array {
  const out = new Uint8Array(2000);
  return out.slice(0, encodeEchoReplyInto(out, 0, packet, 0, packet.length));
}

test("the sheet's echo request is what the encoder makes of its fields", () => {
  const wish = {
    source: request.subarray(8, 24),
    destination: request.subarray(24, 40),
    identifier: 0x1234,
    sequence: 1,
    payload: request.subarray(48),
  };
  const written = drillEncoder((out, at) => encodeEchoRequest(out, at, wish));
  assert.equal(formatHex(written), formatHex(request));
});

test("the sheet's echo reply is the answer to its request, also written over the request", () => {
  const written = drillEncoder((out, at) => encodeEchoReplyInto(out, at, request, 0, request.length));
  assert.equal(formatHex(written), formatHex(reply));
  const same = request.slice();
  assert.equal(encodeEchoReplyInto(same, 0, same, 0, same.length), reply.length);
  assert.equal(formatHex(same), formatHex(reply));
});

test("traffic class, flow label and hop limit of the request do not come back, nor does padding behind it", () => {
  const odd = Uint8Array.from([...request, 9, 9, 9]);
  odd.set([0x6f, 0xff, 0xff, 0xff], 0);
  odd[7] = 3;
  assert.equal(formatHex(answer(odd)), formatHex(reply));
});

test("a request behind extension headers is answered without them", () => {
  const options = [58, 0, 1, 4, 0, 0, 0, 0];
  const header = request.slice(0, 40);
  header[5] = 24;
  header[6] = 60;
  assert.equal(formatHex(answer(Uint8Array.from([...header, ...options, ...request.subarray(40)]))), formatHex(reply));
});

test("what is no echo request of one node to one node gets no answer", () => {
  assert.equal(answer(reply).length, 0);
  const toMulticast = request.slice();
  toMulticast[24] = 0xff;
  writeIcmpv6Checksum(toMulticast, 0, 40, 16);
  assert.equal(answer(toMulticast).length, 0);
  const fromNobody = request.slice().fill(0, 8, 24);
  writeIcmpv6Checksum(fromNobody, 0, 40, 16);
  assert.equal(answer(fromNobody).length, 0);
  for (let length = 0; length < request.length; length += 1) assert.equal(answer(request.slice(0, length)).length, 0);
});

test("a request with any bit of address or message flipped has a wrong checksum and gets no answer", () => {
  const tried = [...flipEveryBit(request)].slice(8 * 8);
  for (const bent of tried) {
    assert.equal(checksumIsRight(bent, 0, bent.length), false);
    assert.equal(answer(bent).length, 0);
  }
});

test("every echo request is answered with the same identifier, sequence and payload", () => {
  const addresses = fc.bigInt({ min: 1n, max: (1n << 127n) - 1n }).map((value) => encodeIpv6(makeIpv6(value)));
  const fields = fc.record({
    source: addresses,
    destination: addresses,
    identifier: fc.nat(0xffff),
    sequence: fc.nat(0xffff),
    payload: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(fields, (wish) => {
      const out = new Uint8Array(500);
      const packet = out.slice(0, encodeEchoRequest(out, 0, wish)).length;
      const decoded = decodeIcmpv6(answer(out.slice(0, packet)));
      const { identifier, sequence, payload } = wish;
      assert.deepEqual(decoded, { ok: true, value: { kind: "echo-reply", identifier, sequence, payload } });
    }),
  );
});

test("the message decoder passes the drill", () => {
  const address = parseIpv6("2001:db8::1");
  assert.ok(address.ok);
  const base = { trafficClass: 0, flowLabel: 0, hopLimit: 255, source: address.value, destination: address.value };
  const solicitation = Uint8Array.from([
    ...encodeIpv6Header({ ...base, payloadLength: 24, nextHeader: 58 }),
    135,
    ...Array<number>(23).fill(0),
  ]);
  writeIcmpv6Checksum(solicitation, 0, 40, 24);
  drillDecoder({ samples: [request, reply, solicitation], decode: decodeIcmpv6, reasons: ["not-icmpv6", "checksum-wrong"] });
  const decoded = decodeIcmpv6(solicitation);
  assert.ok(decoded.ok);
  assert.equal(decoded.value.kind, "other");
});
