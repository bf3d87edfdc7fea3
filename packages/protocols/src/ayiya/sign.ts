import { assert, encodeLatin1, equalConstantTime } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import { encodeAyiya, type AyiyaPacket } from "./codec.ts";
import { ayiyaAt, ayiyaHeaderBytes, ayiyaSignatureBytes } from "./header.ts";

/*
 * A keyed hash with the key in the middle, not HMAC:
 *   K         = SHA-1(secret)
 *   signature = SHA-1(whole packet with K in the signature field)
 */

/** K: twenty bytes from the tunnel's secret as TIC's `Password` shows it. */
export function deriveAyiyaKey(secret: string, sha1: Digest): Uint8Array {
  return sha1(encodeLatin1(secret));
}

/** Puts the signature into a packet, in place. */
export function signAyiya(packet: Uint8Array, key: Uint8Array, sha1: Digest): void {
  assert(packet.length >= ayiyaHeaderBytes, "an AYIYA packet has a whole header");
  assert(key.length === ayiyaSignatureBytes, "K has twenty bytes");
  packet.set(key, ayiyaAt.signature);
  packet.set(sha1(packet), ayiyaAt.signature);
}

/** A whole signed packet. */
export function sealAyiya(packet: Omit<AyiyaPacket, "signature">, key: Uint8Array, sha1: Digest): Uint8Array {
  const bytes = encodeAyiya(packet);
  signAyiya(bytes, key, sha1);
  return bytes;
}

/** True when the packet of at least a header's length was signed with `key`. Compares in constant time and leaves the packet alone. */
export function signatureIsRight(packet: Uint8Array, key: Uint8Array, sha1: Digest): boolean {
  if (packet.length < ayiyaHeaderBytes) return false;
  const signed = packet.slice();
  signAyiya(signed, key, sha1);
  return equalConstantTime(signed.subarray(ayiyaAt.signature, ayiyaAt.payload), packet.subarray(ayiyaAt.signature, ayiyaAt.payload));
}
