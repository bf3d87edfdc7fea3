import {
  encodeIpv6HeaderInto,
  findIpv6Fault,
  ipv6At,
  ipv6HeaderBytes,
  ipv6MinimumMtuBytes,
  ipv6PacketBytes,
  isMulticastAt,
  isUnspecifiedAt,
  nextHeaders,
} from "../ipv6/header.ts";
import { makeUpperLayer, walkExtensions, type UpperLayer } from "../ipv6/extension.ts";
import { writeIcmpv6Checksum } from "./checksum.ts";
import { icmpv6At, icmpv6HeaderBytes, icmpv6HopLimit, neighbourTypes } from "./types.ts";

/** How much of the offending packet fits so that the whole error stays within 1280 bytes (RFC 4443 section 2.4 c). */
export const maxQuoteBytes: number = ipv6MinimumMtuBytes - ipv6HeaderBytes - icmpv6HeaderBytes;

/**
 * RFC 4443 section 2.4 (e): never an error about an error or a redirect, about a packet to a multicast address, or to a
 * source that is not one node. Its exception for packet too big to multicast is not taken: tunnels carry no multicast.
 * A later fragment of an ICMPv6 message hides its type, so it gets no answer either.
 */
export function mayAnswerWithError(packet: Uint8Array, at: number, length: number): boolean {
  if (length < ipv6HeaderBytes || at < 0 || at + length > packet.length) return false;
  const sourceAt = at + ipv6At.source;
  if (isMulticastAt(packet, at + ipv6At.destination)) return false;
  if (isMulticastAt(packet, sourceAt) || isUnspecifiedAt(packet, sourceAt)) return false;
  if (findIpv6Fault(packet, at, length) !== undefined) return false;
  // A broken chain may be answered (parameter problem), unless what it led to is already ICMPv6.
  walkExtensions(packet, at, walk);
  if (walk.protocol !== nextHeaders.icmpv6) return true;
  if (walk.laterFragment || walk.at >= at + ipv6PacketBytes(packet, at)) return false;
  const type = packet[walk.at + icmpv6At.type] ?? 0;
  return type >= 128 && type !== neighbourTypes.redirect;
}

export interface Icmpv6ErrorWish {
  readonly type: number;
  readonly code: number;
  /** MTU in bytes for packet too big, pointer for parameter problem, else 0 (RFC 4443 section 3). */
  readonly parameter: number;
  /** Sixteen bytes. */
  readonly source: Uint8Array;
  /** Where the packet that is answered lies; it must not overlap what is written. */
  readonly offending: Uint8Array;
  readonly offendingAt: number;
  readonly offendingLength: number;
}

/**
 * Writes a whole IPv6 packet at `outAt`: hop limit 64, to the source of the offending packet, quoting as much of it as
 * fits into 1280 bytes. The caller has asked `mayAnswerWithError` and keeps the rate. Returns the length in bytes,
 * or 0 when `out` has no room.
 */
export function encodeIcmpv6Error(out: Uint8Array, outAt: number, error: Icmpv6ErrorWish): number {
  const { offending, offendingAt } = error;
  const quoteBytes = Math.min(error.offendingLength, maxQuoteBytes);
  const upperBytes = icmpv6HeaderBytes + quoteBytes;
  if (out.length - outAt < ipv6HeaderBytes + upperBytes) return 0;
  encodeIpv6HeaderInto(out, outAt, { payloadLength: upperBytes, nextHeader: nextHeaders.icmpv6, hopLimit: icmpv6HopLimit });
  copyBytes(error.source, 0, out, outAt + ipv6At.source, 16);
  copyBytes(offending, offendingAt + ipv6At.source, out, outAt + ipv6At.destination, 16);
  const upperAt = outAt + ipv6HeaderBytes;
  out[upperAt + icmpv6At.type] = error.type;
  out[upperAt + icmpv6At.code] = error.code;
  out[upperAt + icmpv6At.parameter] = error.parameter >>> 24;
  out[upperAt + icmpv6At.parameter + 1] = error.parameter >>> 16;
  out[upperAt + icmpv6At.parameter + 2] = error.parameter >>> 8;
  out[upperAt + icmpv6At.parameter + 3] = error.parameter;
  copyBytes(offending, offendingAt, out, upperAt + icmpv6At.body, quoteBytes);
  writeIcmpv6Checksum(out, outAt, upperAt, upperBytes);
  return ipv6HeaderBytes + upperBytes;
}

// A loop rather than `set(subarray())`, and no options object: either would be an allocation per packet.
function copyBytes(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, length: number): void {
  for (let i = 0; i < length; i += 1) to[toAt + i] = from[fromAt + i] ?? 0;
}

/** One walk at a time: nothing here waits, so it can be shared. */
const walk: UpperLayer = makeUpperLayer();
