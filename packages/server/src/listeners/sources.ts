import { formatIpv6, formatPrefix, makeIpv6, makePrefix, parseIpv4, parseIpv6 } from "@tombolo/base";

/** Who a connection counts for: an IPv4 address, or the /64 of an IPv6 address, since one host has all of that. */
export function sourceOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (parseIpv4(plain).ok) return plain;
  const parsed = parseIpv6(plain);
  return parsed.ok ? formatPrefix(makePrefix(makeIpv6(parsed.value.value), 64)) : "unknown";
}

/** As people write it: IPv4 without its mapped form, IPv6 in canonical text. */
export function peerTextOf(address: string, port: number): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  const parsed = parseIpv6(plain);
  return parsed.ok ? `[${formatIpv6(parsed.value)}]:${port}` : `${plain}:${port}`;
}
