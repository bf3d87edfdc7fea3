import { encodeIpv6, parseIpv4, parseIpv6, parsePrefix, type Ipv4Address, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";
import {
  decodeIpv6Header,
  encodeEchoRequest,
  encodeIpv6Header,
  icmpv6HeaderBytes,
  ipv6HeaderBytes,
  nextHeaders,
  upperLayerChecksum,
} from "@tombolo/protocols";

const udpHeaderBytes = 8;

/** Addresses in tests are texts; a wrong one is a wrong test. */
export function ip6(text: string): Ipv6Address {
  const parsed = parseIpv6(text);
  if (!parsed.ok) throw new Error(`${text} is no IPv6 address`);
  return parsed.value;
}

export function ip4(text: string): Ipv4Address {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(`${text} is no IPv4 address`);
  return parsed.value;
}

export function prefix6(text: string): Ipv6Prefix {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(`${text} is no IPv6 prefix`);
  return parsed.value;
}

export interface InnerPacket {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  readonly hopLimit: number;
  readonly trafficClass: number;
  readonly nextHeader: number;
  readonly payload: Uint8Array;
}

export type InnerWish = Pick<InnerPacket, "source" | "destination"> & Partial<InnerPacket>;

/** An IPv6 packet of any protocol; "no next header" when none is named. */
export function innerPacket(wish: InnerWish): Uint8Array {
  const payload = wish.payload ?? new Uint8Array(0);
  const packet = new Uint8Array(ipv6HeaderBytes + payload.length);
  const header = encodeIpv6Header({
    trafficClass: wish.trafficClass ?? 0,
    flowLabel: 0,
    payloadLength: payload.length,
    nextHeader: wish.nextHeader ?? nextHeaders.none,
    hopLimit: wish.hopLimit ?? 64,
    source: wish.source,
    destination: wish.destination,
  });
  packet.set(header);
  packet.set(payload, ipv6HeaderBytes);
  return packet;
}

export interface UdpDatagram {
  readonly source: Ipv6Address;
  readonly sourcePort: number;
  readonly destination: Ipv6Address;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** A whole UDP packet with its checksum. */
export function udpPacket(wish: UdpDatagram & Partial<Pick<InnerPacket, "hopLimit" | "trafficClass">>): Uint8Array {
  const length = udpHeaderBytes + wish.payload.length;
  const payload = new Uint8Array(length);
  const view = new DataView(payload.buffer);
  view.setUint16(0, wish.sourcePort);
  view.setUint16(2, wish.destinationPort);
  view.setUint16(4, length);
  payload.set(wish.payload, udpHeaderBytes);
  const packet = innerPacket({ ...wish, nextHeader: nextHeaders.udp, payload });
  const place = { headerAt: 0, upperAt: ipv6HeaderBytes, length, protocol: nextHeaders.udp };
  // RFC 8200 section 8.1: a sum of zero is sent as all ones.
  new DataView(packet.buffer).setUint16(ipv6HeaderBytes + 6, upperLayerChecksum(packet, place) || 0xffff);
  return packet;
}

/** The UDP datagram in a packet; undefined when it is none or its checksum is wrong. */
export function readUdp(packet: Uint8Array): UdpDatagram | undefined {
  const header = decodeIpv6Header(packet);
  if (!header.ok || header.value.nextHeader !== nextHeaders.udp || header.value.payloadLength < udpHeaderBytes) return undefined;
  const { payloadLength: length, source, destination } = header.value;
  if (upperLayerChecksum(packet, { headerAt: 0, upperAt: ipv6HeaderBytes, length, protocol: nextHeaders.udp }) !== 0) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset + ipv6HeaderBytes, length);
  return {
    source,
    sourcePort: view.getUint16(0),
    destination,
    destinationPort: view.getUint16(2),
    payload: packet.subarray(ipv6HeaderBytes + udpHeaderBytes, ipv6HeaderBytes + length),
  };
}

export interface EchoWish {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  readonly identifier: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export function echoRequest(wish: EchoWish): Uint8Array {
  const out = new Uint8Array(ipv6HeaderBytes + icmpv6HeaderBytes + wish.payload.length);
  encodeEchoRequest(out, 0, { ...wish, source: encodeIpv6(wish.source), destination: encodeIpv6(wish.destination) });
  return out;
}

/** What the far end of a tunnel answers to an echo request, as any host does. */
export function echoReplyTo(request: Uint8Array): Uint8Array {
  const reply = request.slice();
  reply.copyWithin(8, 24, 40);
  reply.set(request.subarray(8, 24), 24);
  reply[ipv6HeaderBytes] = 129;
  reply.fill(0, ipv6HeaderBytes + 2, ipv6HeaderBytes + 4);
  const place = { headerAt: 0, upperAt: ipv6HeaderBytes, length: reply.length - ipv6HeaderBytes, protocol: nextHeaders.icmpv6 };
  new DataView(reply.buffer).setUint16(ipv6HeaderBytes + 2, upperLayerChecksum(reply, place));
  return reply;
}
