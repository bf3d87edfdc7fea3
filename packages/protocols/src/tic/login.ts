import { concatBytes, encodeLatin1, equalConstantTime, formatHex } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import type { TicLoginTry } from "./server-state.ts";

/** More keys than this at one account are not tried. */
const maxLoginKeys = 32;

/** 128 bits in hexadecimal. */
export const challengeBytes = 16;

/**
 * What a client answers to an md5 challenge: MD5(challenge || H) in lower-case hexadecimal, H = hexadecimal MD5(password).
 * The challenge comes first: SixXS's page has it the other way, and every client that ever was does it this way.
 */
export function md5Response(challenge: string, password: string, md5: Digest): string {
  const h = formatHex(md5(encodeLatin1(password)));
  return formatHex(md5(concatBytes(encodeLatin1(challenge), encodeLatin1(h))));
}

/**
 * True when the response is right for one of the keys. Every key is tried to its end, and one is tried where there is none,
 * so the time taken does not tell whether an account exists.
 */
export function responseMatches(login: TicLoginTry & { readonly keys: readonly string[] }, md5: Digest): boolean {
  // A key sent in clear is compared by the same digests, so that neither its length nor where it differs shows.
  const response = login.method === "clear" ? md5Response(login.challenge, login.response, md5) : login.response.toLowerCase();
  const given = encodeLatin1(response);
  let matches = false;
  for (const key of login.keys.slice(0, maxLoginKeys)) {
    const isThis = equalConstantTime(given, encodeLatin1(md5Response(login.challenge, key, md5)));
    matches = isThis || matches;
  }
  if (login.keys.length === 0) equalConstantTime(given, encodeLatin1(md5Response(login.challenge, "", md5)));
  return matches;
}
