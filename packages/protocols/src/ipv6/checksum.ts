import { ipv6At } from "./header.ts";

/** Adds the big-endian 16-bit words of a range; an odd last byte counts as the upper half (RFC 1071). At most 64 KiB. */
export function sumWords(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0;
  const evenEnd = at + (length & ~1);
  for (let i = at; i < evenEnd; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  return (length & 1) === 1 ? sum + ((bytes[evenEnd] ?? 0) << 8) : sum;
}

/** Folds carries in and complements: the Internet checksum of a sum of words. */
export function finishChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/**
 * Checksum of an upper-layer message at `upperAt` with the pseudo-header of the IPv6 header at `headerAt`
 * (RFC 8200 section 8.1). Zero when the message holds its own right checksum.
 */
export function upperLayerChecksum(
  packet: Uint8Array,
  place: { readonly headerAt: number; readonly upperAt: number; readonly length: number; readonly protocol: number },
): number {
  const { headerAt, upperAt, length, protocol } = place;
  return finishChecksum(sumWords(packet, headerAt + ipv6At.source, 32) + length + protocol + sumWords(packet, upperAt, length));
}
