import { createHash } from "node:crypto";

/** What aiccu knows of its tunnel. */
export interface AiccuAyiya {
  /** TIC's `IPv6 POP`, sixteen bytes. */
  readonly pop: Uint8Array;
  /** TIC's `Password`. */
  readonly secret: string;
  readonly nowSec: number;
}

/**
 * Whether aiccu 2007.01.15 takes a datagram from the PoP, written from the list in `ayiya.md` section 6 and sharing no code
 * with our own codec, so that the two can be held against each other.
 */
export function aiccuAccepts(packet: Uint8Array, tunnel: AiccuAyiya): boolean {
  const bytes = Buffer.from(packet);
  // aiccu asks for 8 bytes and reads on; a packet without a whole header never carries a right signature.
  if (bytes.length < 44) return false;
  if (bytes[0] !== 0x41 || bytes[1] !== 0x52) return false;
  const operation = bytes[2] ?? 0;
  if (operation >> 4 !== 1 || ![1, 2, 3].includes(operation & 15)) return false;
  const nextHeader = bytes[3];
  if (nextHeader !== 41 && nextHeader !== 59) return false;
  if (!bytes.subarray(8, 24).equals(tunnel.pop)) return false;
  if (Math.abs(bytes.readUInt32BE(4) - tunnel.nowSec) > 120) return false;
  const signed = Buffer.from(bytes);
  createHash("sha1").update(tunnel.secret).digest().copy(signed, 24);
  if (!createHash("sha1").update(signed).digest().equals(bytes.subarray(24, 44))) return false;
  return nextHeader === 59 || (bytes.length > 44 && (bytes[44] ?? 0) >> 4 === 6);
}
