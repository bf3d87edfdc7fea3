import { createHash, timingSafeEqual } from "node:crypto";
import type { Broker, PopName } from "@tombolo/broker";

/** Tells which PoP shows `token`; undefined: none. */
export type PopAuth = (token: string) => Promise<PopName | undefined>;

/** A token that holds as long as this process: the PoP agent inside it shows it, and it is never written down. */
export interface LocalPop {
  readonly pop: PopName;
  readonly token: string;
}

export function makePopAuth(broker: Broker, local: LocalPop | undefined): PopAuth {
  return async (token) => {
    if (local !== undefined && sameText(token, local.token)) return local.pop;
    return (await broker.pops.findByToken(token))?.name;
  };
}

/** `Bearer <token>` of RFC 6750 section 2.1; undefined when the header is anything else. */
export function findBearer(header: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,200})$/i.exec(header ?? "")?.[1];
}

/** Digests first: they have one length, so the time taken tells nothing about either text. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
