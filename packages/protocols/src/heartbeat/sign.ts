import { encodeLatin1, equalConstantTime, formatHex, formatIpv6, type Ipv6Address, type WallSec } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import { formatBeatHead, type Beat, type BeatSender } from "./codec.ts";

/*
 * digest = hex(MD5(message with the password in place of the digest))      ; the secret appended, not HMAC
 *
 * The password is the tunnel's secret as TIC's `Password` shows it, as text.
 */

function digestBeat(beat: Pick<Beat, "addressText" | "sender" | "timeSec">, password: string, md5: Digest): string {
  return formatHex(md5(encodeLatin1(formatBeatHead(beat) + password)));
}

/** Compares in constant time, and exactly: upper-case digits are wrong. */
export function beatDigestIsRight(beat: Beat, password: string, md5: Digest): boolean {
  return equalConstantTime(encodeLatin1(beat.digest), encodeLatin1(digestBeat(beat, password, md5)));
}

/** What a client sends: one datagram to port 3740, without a line end. */
export function makeBeat(
  wish: { readonly address: Ipv6Address; readonly sender: BeatSender; readonly nowSec: WallSec; readonly password: string },
  md5: Digest,
): Uint8Array {
  const beat = { addressText: formatIpv6(wish.address), sender: wish.sender, timeSec: wish.nowSec };
  return encodeLatin1(formatBeatHead(beat) + digestBeat(beat, wish.password, md5));
}
