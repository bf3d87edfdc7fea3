import { makeIpv4, malformed, success, type Decoded, type Ipv4Address } from "@tombolo/base";

/*
 * Outer IPv4 header (RFC 791 section 3.1), then the IPv6 packet unchanged (RFC 4213 section 3.1)
 *
 *   0       4       8              16    19                         32
 *   +-------+-------+---------------+-----+--------------------------+
 *   |   4   |  IHL  |   TOS  | ECN  |         total length           |
 *   +-------+-------+---------------+-----+--------------------------+
 *   |        identification         |flags|     fragment offset      |
 *   +---------------+---------------+-----+--------------------------+
 *   |      TTL      | protocol = 41 |        header checksum         |
 *   +---------------+---------------+--------------------------------+
 *   |                             source                             |
 *   |                          destination                           |
 *   +----------------------------------------------------------------+
 */

export const protocol41 = 41;

const ipv4At = { lengths: 0, tos: 1, totalLength: 2, flags: 6, ttl: 8, protocol: 9, source: 12, destination: 16 } as const;

/** Without options: what a proto-41 tunnel's MTU is smaller than its path's. */
export const ipv4HeaderBytes = 20;

export interface OuterIpv4 {
  readonly headerBytes: number;
  /** DSCP (upper six bits) and ECN (lower two). */
  readonly tos: number;
  /** Header and payload. */
  readonly totalBytes: number;
  readonly dontFragment: boolean;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
}

export type OuterFault =
  | "too-short"
  | "not-version-4"
  | "header-length"
  | "total-length"
  /** The kernel hands raw sockets whole datagrams; a fragment here is somebody's trick. */
  | "fragment";

/** Reads the IPv4 header that a raw socket leaves in front; the kernel has checked its checksum. */
export function decodeOuterIpv4(datagram: Uint8Array): Decoded<OuterIpv4, OuterFault> {
  const byte = (at: number): number => datagram[at] ?? 0;
  const word = (at: number): number => byte(at) * 0x100 + byte(at + 1);
  if (datagram.length < ipv4HeaderBytes) return malformed("too-short", datagram.length);
  if (byte(ipv4At.lengths) >> 4 !== 4) return malformed("not-version-4", ipv4At.lengths);
  const headerBytes = (byte(ipv4At.lengths) & 0x0f) * 4;
  const totalBytes = word(ipv4At.totalLength);
  if (headerBytes < ipv4HeaderBytes || headerBytes > datagram.length) return malformed("header-length", ipv4At.lengths);
  if (totalBytes < headerBytes || totalBytes > datagram.length) return malformed("total-length", ipv4At.totalLength);
  // All but "don't fragment" and the reserved bit: offset and more-fragments.
  if ((word(ipv4At.flags) & 0x3fff) !== 0) return malformed("fragment", ipv4At.flags);
  return success({
    headerBytes,
    tos: byte(ipv4At.tos),
    totalBytes,
    dontFragment: (byte(ipv4At.flags) & 0x40) !== 0,
    ttl: byte(ipv4At.ttl),
    protocol: byte(ipv4At.protocol),
    source: makeIpv4(word(ipv4At.source) * 0x10000 + word(ipv4At.source + 2)),
    destination: makeIpv4(word(ipv4At.destination) * 0x10000 + word(ipv4At.destination + 2)),
  });
}
