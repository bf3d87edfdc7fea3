import type { Ipv4Address } from "@tombolo/base";

/** First address and length of what is never seen outside of a network: RFC 1918, RFC 6598 (carriers' NAT), RFC 3927. */
const blocks = [
  [0x0a000000, 8],
  [0xac100000, 12],
  [0xc0a80000, 16],
  [0x64400000, 10],
  [0xa9fe0000, 16],
] as const;

export function isPrivateIpv4({ value }: Ipv4Address): boolean {
  return blocks.some(([first, length]) => value >>> (32 - length) === first >>> (32 - length));
}
