import {
  encodeIpv6HeaderInto,
  icmpv6At,
  ipv6At,
  ipv6HeaderBytes,
  neighbourTypes,
  nextHeaders,
  writeIcmpv6Checksum,
} from "@tombolo/protocols";

/*
 * Neighbour solicitation and advertisement, RFC 4861 sections 4.3 and 4.4
 *
 *   0               8              16                              32
 *   +---------------+---------------+-------------------------------+
 *   |  type 135/136 |    code 0     |           checksum            |
 *   +-+-+-+---------+---------------+-------------------------------+
 *   |R|S|O|  reserved (an advertisement's flags)                    |
 *   +-+-+-+---------------------------------------------------------+
 *   |                       target, 16 bytes                        |
 *   +---------------------------------------------------------------+
 */
const targetAt = 8;
const messageBytes = 24;
/** "Router" and "solicited"; without a link-layer address there is nothing to override. */
const flags = 0xc0;
/** Proves that no router passed it on (RFC 4861 section 7.1). */
const hopLimit = 255;

export const advertisementBytes: number = ipv6HeaderBytes + messageBytes;

/**
 * Answers a unicast solicitation for its own destination, as a neighbour's reachability check on a tunnel is (RFC 4213 section 3.8):
 * no link-layer options. `out` may not overlap the packet. Returns the length in bytes, or 0 when it is none, or not valid.
 */
export function encodeAdvertisementInto(out: Uint8Array, outAt: number, packet: Uint8Array, at: number, length: number): number {
  const solicitation = at + ipv6HeaderBytes;
  if (length < ipv6HeaderBytes + messageBytes || packet[solicitation] !== neighbourTypes.neighbourSolicitation) return 0;
  if (packet[at + ipv6At.hopLimit] !== hopLimit || packet[solicitation + icmpv6At.code] !== 0) return 0;
  for (let i = 0; i < 16; i += 1) if (packet[solicitation + targetAt + i] !== packet[at + ipv6At.destination + i]) return 0;
  encodeIpv6HeaderInto(out, outAt, { payloadLength: messageBytes, nextHeader: nextHeaders.icmpv6, hopLimit });
  const upperAt = outAt + ipv6HeaderBytes;
  for (let i = 0; i < 16; i += 1) {
    out[outAt + ipv6At.source + i] = packet[at + ipv6At.destination + i] ?? 0;
    out[outAt + ipv6At.destination + i] = packet[at + ipv6At.source + i] ?? 0;
    out[upperAt + targetAt + i] = packet[solicitation + targetAt + i] ?? 0;
  }
  out[upperAt] = neighbourTypes.neighbourAdvertisement;
  out[upperAt + icmpv6At.code] = 0;
  out.fill(0, upperAt + icmpv6At.parameter, upperAt + icmpv6At.body);
  out[upperAt + icmpv6At.parameter] = flags;
  writeIcmpv6Checksum(out, outAt, upperAt, messageBytes);
  return advertisementBytes;
}
