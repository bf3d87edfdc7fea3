import { createHash, randomBytes } from "node:crypto";
import type { Random } from "@tombolo/base";

export const systemRandom: Random = (length) => randomBytes(length);

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** RFC 1321. TIC's challenge is made of it; nothing of ours relies on its strength. */
export function md5(bytes: Uint8Array): Uint8Array {
  return createHash("md5").update(bytes).digest();
}
