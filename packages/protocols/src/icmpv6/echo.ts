import {
  encodeIpv6HeaderInto,
  ipv6At,
  ipv6HeaderBytes,
  ipv6PacketBytes,
  isMulticastAt,
  isUnspecifiedAt,
  nextHeaders,
} from "../ipv6/header.ts";
import { checksumIsRight, findIcmpv6, writeIcmpv6Checksum } from "./checksum.ts";
import { icmpv6At, icmpv6HeaderBytes, icmpv6HopLimit, icmpv6Types } from "./types.ts";

export interface EchoWish {
  /** Sixteen bytes each. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** Sixteen bits each. */
  readonly identifier: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** Writes a whole IPv6 packet with hop limit 64 (RFC 4443 section 4.1). Returns its length in bytes, or 0 when `out` has no room. */
export function encodeEchoRequest(out: Uint8Array, outAt: number, wish: EchoWish): number {
  const upperBytes = icmpv6HeaderBytes + wish.payload.length;
  if (out.length - outAt < ipv6HeaderBytes + upperBytes) return 0;
  encodeIpv6HeaderInto(out, outAt, { payloadLength: upperBytes, nextHeader: nextHeaders.icmpv6, hopLimit: icmpv6HopLimit });
  out.set(wish.source, outAt + ipv6At.source);
  out.set(wish.destination, outAt + ipv6At.destination);
  const upperAt = outAt + ipv6HeaderBytes;
  out[upperAt + icmpv6At.type] = icmpv6Types.echoRequest;
  out[upperAt + icmpv6At.code] = 0;
  out[upperAt + icmpv6At.identifier] = wish.identifier >> 8;
  out[upperAt + icmpv6At.identifier + 1] = wish.identifier;
  out[upperAt + icmpv6At.sequence] = wish.sequence >> 8;
  out[upperAt + icmpv6At.sequence + 1] = wish.sequence;
  out.set(wish.payload, upperAt + icmpv6At.body);
  writeIcmpv6Checksum(out, outAt, upperAt, upperBytes);
  return ipv6HeaderBytes + upperBytes;
}

/**
 * Answers the echo request in the packet at `packetAt` (RFC 4443 section 4.2): addresses swapped, same identifier,
 * sequence and data, hop limit 64, no extension headers. `out` may be `packet` at the same offset. Returns the length
 * in bytes, or 0 when this is not a request to be answered: no whole echo request, a wrong checksum, a multicast
 * destination, no single node as its source, or no room in `out`.
 */
export function encodeEchoReplyInto(out: Uint8Array, outAt: number, packet: Uint8Array, packetAt: number, length: number): number {
  const requestAt = findIcmpv6(packet, packetAt, length);
  if (requestAt < 0 || packet[requestAt] !== icmpv6Types.echoRequest || packet[requestAt + icmpv6At.code] !== 0) return 0;
  const sourceAt = packetAt + ipv6At.source;
  const destinationAt = packetAt + ipv6At.destination;
  if (isMulticastAt(packet, destinationAt) || isMulticastAt(packet, sourceAt)) return 0;
  if (isUnspecifiedAt(packet, sourceAt) || !checksumIsRight(packet, packetAt, length)) return 0;
  const upperBytes = packetAt + ipv6PacketBytes(packet, packetAt) - requestAt;
  if (out.length - outAt < ipv6HeaderBytes + upperBytes) return 0;
  for (let i = 0; i < 16; i += 1) {
    const requester = packet[sourceAt + i] ?? 0;
    out[outAt + ipv6At.source + i] = packet[destinationAt + i] ?? 0;
    out[outAt + ipv6At.destination + i] = requester;
  }
  encodeIpv6HeaderInto(out, outAt, { payloadLength: upperBytes, nextHeader: nextHeaders.icmpv6, hopLimit: icmpv6HopLimit });
  const upperAt = outAt + ipv6HeaderBytes;
  for (let i = icmpv6At.parameter; i < upperBytes; i += 1) out[upperAt + i] = packet[requestAt + i] ?? 0;
  out[upperAt + icmpv6At.type] = icmpv6Types.echoReply;
  out[upperAt + icmpv6At.code] = 0;
  writeIcmpv6Checksum(out, outAt, upperAt, upperBytes);
  return ipv6HeaderBytes + upperBytes;
}
