import { createHash } from "node:crypto";

/** RFC 1321. */
export function md5(bytes: Uint8Array): Uint8Array {
  return createHash("md5").update(bytes).digest();
}
