import { decodeIpv6, formatIpv6 } from "@tombolo/base";
import { ayiyaAt, ayiyaHeaderBytes, icmpv6At, ipv6At, ipv6HeaderBytes, nextHeaders } from "@tombolo/protocols";

const tcp = 6;
const udp = 17;

/**
 * One line about a packet for people: outer header where it is AYIYA's, then both inner addresses, protocol, ports or ICMPv6 type and
 * hop limit. Printable ASCII whatever the packet holds.
 */
export function summarize(packet: Uint8Array, isAyiya: boolean): string {
  if (!isAyiya) return summarizeInner(packet);
  if (packet.length < ayiyaHeaderBytes) return `AYIYA, ${packet.length} bytes`;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const head = `AYIYA opcode ${view.getUint8(ayiyaAt.operation) & 15} epoch ${view.getUint32(ayiyaAt.epoch)}`;
  if (view.getUint8(ayiyaAt.nextHeader) !== nextHeaders.ipv6) return head;
  return `${head}: ${summarizeInner(packet.subarray(ayiyaHeaderBytes))}`;
}

function summarizeInner(packet: Uint8Array): string {
  if (packet.length === 0) return "empty";
  if (packet.length < ipv6HeaderBytes || (packet[0] ?? 0) >> 4 !== 6) return `no IPv6 header in ${packet.length} bytes`;
  const source = formatIpv6(decodeIpv6(packet.subarray(ipv6At.source, ipv6At.source + 16)));
  const destination = formatIpv6(decodeIpv6(packet.subarray(ipv6At.destination, ipv6At.destination + 16)));
  return `${source} > ${destination} ${summarizeUpper(packet)}, hop limit ${packet[ipv6At.hopLimit] ?? 0}`;
}

function summarizeUpper(packet: Uint8Array): string {
  const next = packet[ipv6At.nextHeader] ?? 0;
  const at = ipv6HeaderBytes;
  if (packet.length < at + 4) return `protocol ${next}`;
  if (next === nextHeaders.icmpv6) return `ICMPv6 ${packet[at] ?? 0}/${packet[at + icmpv6At.code] ?? 0}`;
  if (next !== tcp && next !== udp) return `protocol ${next}`;
  const port = (from: number): number => ((packet[from] ?? 0) << 8) | (packet[from + 1] ?? 0);
  return `${next === tcp ? "TCP" : "UDP"} ${port(at)} > ${port(at + 2)}`;
}
