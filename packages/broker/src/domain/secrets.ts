import { formatHex, type Random } from "@tombolo/base";

/** No i, l, o or u: nothing to mistake when it is read aloud or copied by hand. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * An account's or a tunnel's key for machines: 26 characters of five bits, 130 bits. One word without signs, because
 * `aiccu.conf`, `tspc.conf`, URLs and command lines all carry it.
 */
export function makeAccessKey(random: Random): string {
  return Array.from(random(26), (byte) => alphabet.charAt(byte & 31)).join("");
}

/** AYIYA's and the heartbeat's shared secret: 32 hexadecimal digits, as the historic service gave. */
export function makeTunnelSecret(random: Random): string {
  return formatHex(random(16));
}

/** What a PoP shows to its broker: 256 bits as 64 hexadecimal digits. */
export function makePopToken(random: Random): string {
  return formatHex(random(32));
}

/** Keeps nonsense away from the digest and the store. */
export function isPopToken(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
