import { makeIpv6, type Ipv6Address } from "@tombolo/base";

/**
 * Addresses in shared memory are four 32-bit words, each read little-endian from the address's bytes in network order, because
 * that is what a DataView and an Int32Array over the same bytes agree on without swapping.
 */
export function writeAddressWords(words: Int32Array, at: number, address: Ipv6Address): void {
  scratch.setBigUint64(0, address.value >> 64n);
  // The view keeps the lower 64 bits by itself.
  scratch.setBigUint64(8, address.value);
  for (let i = 0; i < 4; i += 1) words[at + i] = scratch.getInt32(4 * i, true);
}

export function readAddressWords(words: Int32Array, at: number): Ipv6Address {
  for (let i = 0; i < 4; i += 1) scratch.setInt32(4 * i, words[at + i] ?? 0, true);
  return makeIpv6((scratch.getBigUint64(0) << 64n) | scratch.getBigUint64(8));
}

const scratch = new DataView(new ArrayBuffer(16));

/** Whether an address in `words` at `at` lies within the prefix whose address words stand at the beginning of `key`. */
export function isWithin(words: Int32Array, at: number, key: Int32Array, lengthBits: number): boolean {
  for (let i = 0; i < 4; i += 1) {
    const different = (words[at + i] ?? 0) ^ (key[i] ?? 0);
    if ((different & (maskWords[4 * lengthBits + i] ?? 0)) !== 0) return false;
  }
  return true;
}

/** Four mask words for each prefix length from 0 to 128, in the same byte order. */
export const maskWords: Int32Array = makeMasks();

function makeMasks(): Int32Array {
  const bytes = new Uint8Array(129 * 16);
  for (let lengthBits = 0; lengthBits <= 128; lengthBits += 1) {
    for (let bit = 0; bit < lengthBits; bit += 1) {
      const at = lengthBits * 16 + (bit >> 3);
      bytes[at] = (bytes[at] ?? 0) | (0x80 >> (bit & 7));
    }
  }
  const view = new DataView(bytes.buffer);
  return Int32Array.from({ length: 129 * 4 }, (_, i) => view.getInt32(4 * i, true));
}

/** Spreads four words and a salt over 32 bits; not for secrets. */
export function hashWords(a: number, b: number, c: number, d: number, salt: number): number {
  let h = Math.imul(a ^ salt, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15) ^ b, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ c, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16) ^ d, 0x27d4eb2f);
  h ^= h >>> 15;
  return h >>> 0;
}
