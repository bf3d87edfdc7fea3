import { findIpv6Fault, ipv6PacketBytes, nextHeaders } from "../ipv6/header.ts";
import { makeUpperLayer, walkExtensions, type UpperLayer } from "../ipv6/extension.ts";
import { upperLayerChecksum } from "../ipv6/checksum.ts";
import { icmpv6At, icmpv6HeaderBytes } from "./types.ts";

/** True when the IPv6 packet at `at` ends in a whole ICMPv6 message whose checksum is right (RFC 4443 section 2.3). */
export function checksumIsRight(packet: Uint8Array, at: number, length: number): boolean {
  const upperAt = findIcmpv6(packet, at, length);
  if (upperAt < 0) return false;
  const upperBytes = at + ipv6PacketBytes(packet, at) - upperAt;
  return upperLayerChecksum(packet, { headerAt: at, upperAt, length: upperBytes, protocol: nextHeaders.icmpv6 }) === 0;
}

/** Offset of the ICMPv6 message in the packet at `at`, past extension headers; -1 when there is none or only a later fragment. */
export function findIcmpv6(packet: Uint8Array, at: number, length: number): number {
  if (findIpv6Fault(packet, at, length) !== undefined) return -1;
  if (walkExtensions(packet, at, walk) !== undefined) return -1;
  if (walk.protocol !== nextHeaders.icmpv6 || walk.laterFragment) return -1;
  return walk.at + icmpv6HeaderBytes <= at + ipv6PacketBytes(packet, at) ? walk.at : -1;
}

/** Computes and writes the checksum of the message of `length` bytes at `upperAt`, whose header is at `headerAt`. */
export function writeIcmpv6Checksum(out: Uint8Array, headerAt: number, upperAt: number, length: number): void {
  const at = upperAt + icmpv6At.checksum;
  out[at] = 0;
  out[at + 1] = 0;
  const checksum = upperLayerChecksum(out, { headerAt, upperAt, length, protocol: nextHeaders.icmpv6 });
  out[at] = checksum >> 8;
  out[at + 1] = checksum;
}

/** One walk at a time: nothing here waits, so it can be shared. */
const walk: UpperLayer = makeUpperLayer();
