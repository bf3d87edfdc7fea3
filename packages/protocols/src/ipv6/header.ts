import { decodeIpv6, encodeIpv6, malformed, success, type Decoded, type Ipv6Address } from "@tombolo/base";

/*
 * IPv6 header, RFC 8200 section 3
 *
 *  0       4               12                                      32
 *  +-------+---------------+----------------------------------------+
 *  |   6   | traffic class |               flow label               |
 *  +-------+---------------+--------+---------------+---------------+
 *  |        payload length          |  next header  |   hop limit   |
 *  +--------------------------------+---------------+---------------+
 *  |                        source, 16 bytes                        |
 *  |                      destination, 16 bytes                     |
 *  +----------------------------------------------------------------+
 */

/** Offsets in bytes of the fields that a router looks at. */
export const ipv6At = { payloadLength: 4, nextHeader: 6, hopLimit: 7, source: 8, destination: 24 } as const;

export const ipv6HeaderBytes = 40;

/** Every IPv6 link carries packets of this size (RFC 8200 section 5). */
export const ipv6MinimumMtuBytes = 1280;

/** Protocol numbers that decide something here; the rest pass as they are. */
export const nextHeaders = {
  hopByHop: 0,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  espPayload: 50,
  authentication: 51,
  icmpv6: 58,
  none: 59,
  destinationOptions: 60,
  mobility: 135,
  hostIdentity: 139,
  shim6: 140,
} as const;

export interface Ipv6Header {
  /** DSCP (upper six bits) and ECN (lower two). */
  readonly trafficClass: number;
  /** Twenty bits. */
  readonly flowLabel: number;
  /** Bytes after the header. */
  readonly payloadLength: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
}

export type Ipv6Fault = "too-short" | "not-version-6" | "payload-cut-short";

/**
 * The one length check: after `undefined`, every offset of `ipv6At` and the whole payload are inside `packet`.
 * `length` is what there is from `at` on; bytes after the payload are tolerated (they are padding of a lower layer).
 */
export function findIpv6Fault(packet: Uint8Array, at: number, length: number): Ipv6Fault | undefined {
  if (length < ipv6HeaderBytes || at < 0 || at + length > packet.length) return "too-short";
  if ((packet[at] ?? 0) >> 4 !== 6) return "not-version-6";
  return ipv6PacketBytes(packet, at) > length ? "payload-cut-short" : undefined;
}

/** Header and payload in bytes, as the header says. A jumbogram's zero counts as an empty payload: tunnels carry none. */
export function ipv6PacketBytes(packet: Uint8Array, at: number): number {
  return ipv6HeaderBytes + (((packet[at + ipv6At.payloadLength] ?? 0) << 8) | (packet[at + ipv6At.payloadLength + 1] ?? 0));
}

/** True for ff00::/8 at offset `addressAt`. */
export function isMulticastAt(packet: Uint8Array, addressAt: number): boolean {
  return packet[addressAt] === 0xff;
}

/** True for :: at offset `addressAt`. */
export function isUnspecifiedAt(packet: Uint8Array, addressAt: number): boolean {
  for (let i = 0; i < 16; i += 1) if (packet[addressAt + i] !== 0) return false;
  return true;
}

/** Reads the header of a whole packet; what follows the payload is not looked at. */
export function decodeIpv6Header(packet: Uint8Array): Decoded<Ipv6Header, Ipv6Fault> {
  const fault = findIpv6Fault(packet, 0, packet.length);
  if (fault === "not-version-6") return malformed(fault, 0);
  if (fault !== undefined) return malformed(fault, packet.length);
  const byte = (at: number): number => packet[at] ?? 0;
  return success({
    trafficClass: ((byte(0) & 0x0f) << 4) | (byte(1) >> 4),
    flowLabel: ((byte(1) & 0x0f) << 16) | (byte(2) << 8) | byte(3),
    payloadLength: ipv6PacketBytes(packet, 0) - ipv6HeaderBytes,
    nextHeader: byte(ipv6At.nextHeader),
    hopLimit: byte(ipv6At.hopLimit),
    source: decodeIpv6(packet.subarray(ipv6At.source)),
    destination: decodeIpv6(packet.subarray(ipv6At.destination)),
  });
}

/** Forty bytes. */
export function encodeIpv6Header(header: Ipv6Header): Uint8Array {
  const out = new Uint8Array(ipv6HeaderBytes);
  encodeIpv6HeaderInto(out, 0, header);
  out[0] = 0x60 | (header.trafficClass >> 4);
  out[1] = ((header.trafficClass & 0x0f) << 4) | ((header.flowLabel >> 16) & 0x0f);
  out[2] = header.flowLabel >> 8;
  out[3] = header.flowLabel;
  out.set(encodeIpv6(header.source), ipv6At.source);
  out.set(encodeIpv6(header.destination), ipv6At.destination);
  return out;
}

/** Writes all but the addresses, with traffic class and flow label zero; allocates nothing. */
export function encodeIpv6HeaderInto(
  out: Uint8Array,
  at: number,
  header: { readonly payloadLength: number; readonly nextHeader: number; readonly hopLimit: number },
): void {
  out[at] = 0x60;
  out[at + 1] = 0;
  out[at + 2] = 0;
  out[at + 3] = 0;
  out[at + ipv6At.payloadLength] = header.payloadLength >> 8;
  out[at + ipv6At.payloadLength + 1] = header.payloadLength;
  out[at + ipv6At.nextHeader] = header.nextHeader;
  out[at + ipv6At.hopLimit] = header.hopLimit;
}
