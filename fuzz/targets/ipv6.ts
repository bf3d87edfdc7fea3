import assert from "node:assert/strict";
import { formatHex, parseHex } from "@tombolo/base";
import {
  checksumIsRight,
  decodeIcmpv6,
  decodeIpv6Header,
  encodeEchoReplyInto,
  encodeIcmpv6Error,
  encodeIpv6Header,
  findIpv6Fault,
  ipv6HeaderBytes,
  ipv6MinimumMtuBytes,
  makeUpperLayer,
  mayAnswerWithError,
  walkExtensions,
  writeIcmpv6Checksum,
} from "@tombolo/protocols";
import type { FuzzTarget } from "../target.ts";

function bytesOf(hex: string): Uint8Array {
  const bytes = parseHex(hex);
  assert.ok(bytes.ok);
  return bytes.value;
}

const addresses = "20010db802ff00010000000000000002 20010db802ff00010000000000000001";
const seeds = [
  bytesOf(`6000000000103a40 ${addresses} 8000cc0612340001 5369785853212121`),
  bytesOf(`6b3abcde00083b40 ${addresses} 0102030405060708`),
  bytesOf(`6000000000280040 ${addresses} 2c00000000000000 3c00000100000000 2b00010400000000 3a00000000000000 8000000000000000`),
  bytesOf(`6000000000183340 ${addresses} 3a01000000000000 00000000 81000000000000000000 0000`),
];
const gateway = bytesOf("20010db802ffffff0000000000000001");

/** IPv6 headers, extension chains and ICMPv6: nothing is read or written outside, and what we answer is always sound. */
export const ipv6Target: FuzzTarget = {
  name: "ipv6",
  seeds,
  run: (bytes) => {
    const header = decodeIpv6Header(bytes);
    if (header.ok) assert.equal(formatHex(encodeIpv6Header(header.value)), formatHex(bytes.subarray(0, ipv6HeaderBytes)));
    const outcomes = [header.ok ? "header" : header.reason, answered(bytes), erred(bytes)];
    if (header.ok) {
      const found = makeUpperLayer();
      outcomes.push(walkExtensions(bytes, 0, found) ?? `upper ${found.protocol} ${found.laterFragment} ${found.routingType0}`);
      assert.ok(found.at <= ipv6HeaderBytes + header.value.payloadLength);
    }
    const message = decodeIcmpv6(bytes);
    outcomes.push(message.ok ? message.value.kind : message.reason);
    assert.equal(message.ok, checksumIsRight(bytes, 0, bytes.length));
    return outcomes.join(" ");
  },
};

/** As it came, and with its checksum made right. */
function answered(bytes: Uint8Array): string {
  const mended = bytes.slice();
  if (mended.length >= ipv6HeaderBytes + 8) writeIcmpv6Checksum(mended, 0, ipv6HeaderBytes, mended.length - ipv6HeaderBytes);
  const lengths = [bytes, mended].map((packet) => {
    const out = new Uint8Array(maxOut).fill(0xa5);
    const length = encodeEchoReplyInto(out, 3, packet, 0, packet.length);
    if (length > 0) assert.ok(length <= packet.length && checksumIsRight(out, 3, length));
    assert.ok(out.subarray(3 + length).every((byte) => byte === 0xa5));
    return length > 0;
  });
  return lengths.join("/");
}

const maxOut = 5000;

function erred(bytes: Uint8Array): string {
  if (!mayAnswerWithError(bytes, 0, bytes.length)) return "silent";
  assert.equal(findIpv6Fault(bytes, 0, bytes.length), undefined);
  const out = new Uint8Array(maxOut).fill(0xa5);
  const wish = { type: 1, code: 0, parameter: 0, source: gateway, offending: bytes, offendingAt: 0, offendingLength: bytes.length };
  const length = encodeIcmpv6Error(out, 5, wish);
  assert.ok(length > 0 && length <= ipv6MinimumMtuBytes && checksumIsRight(out, 5, length));
  assert.equal(mayAnswerWithError(out, 5, length), false, "an error is never answered by an error");
  assert.ok(out.subarray(5 + length).every((byte) => byte === 0xa5));
  return "error";
}
