import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { assert, type Random } from "@tombolo/base";
import type { Sealer, SealPurpose } from "@tombolo/broker";

/*
 * A sealed text is base64url of
 *
 *   version (1) | key id (4) | nonce (12) | tag (16) | ciphertext
 *
 * AES-256-GCM (NIST SP 800-38D). Version, key id and purpose are authenticated with it, so a blob moved to another column or
 * sealed with another key does not open. The key id is the start of a digest of the key: it tells a wrong key file from a broken blob.
 */
const version = 1;
const headBytes = 5;
const nonceBytes = 12;
const tagBytes = 16;

export const masterKeyBytes = 32;

export function makeSealer(masterKey: Uint8Array, random: Random): Sealer {
  assert(masterKey.length === masterKeyBytes, "the master key has 256 bits");
  const head = Buffer.from([version, ...createHash("sha256").update("tombolo key id").update(masterKey).digest().subarray(0, 4)]);
  const boundTo = (purpose: SealPurpose): Buffer => Buffer.concat([head, Buffer.from(purpose, "ascii")]);
  return {
    seal(clear, purpose) {
      const nonce = random(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", masterKey, nonce, { authTagLength: tagBytes }).setAAD(boundTo(purpose));
      const text = Buffer.concat([cipher.update(clear, "utf8"), cipher.final()]);
      return Buffer.concat([head, nonce, cipher.getAuthTag(), text]).toString("base64url");
    },
    unseal(sealed, purpose) {
      const bytes = Buffer.from(sealed, "base64url");
      const textAt = headBytes + nonceBytes + tagBytes;
      if (bytes.length < textAt || bytes[0] !== version) throw new SealError("a sealed secret in the database has an unknown form");
      if (!bytes.subarray(0, headBytes).equals(head)) {
        throw new SealError(
          "a secret in the database was sealed with another master key: configure the key file that belongs to this database",
        );
      }
      const nonce = bytes.subarray(headBytes, headBytes + nonceBytes);
      const cipher = createDecipheriv("aes-256-gcm", masterKey, nonce, { authTagLength: tagBytes })
        .setAAD(boundTo(purpose))
        .setAuthTag(bytes.subarray(headBytes + nonceBytes, textAt));
      try {
        return Buffer.concat([cipher.update(bytes.subarray(textAt)), cipher.final()]).toString("utf8");
      } catch {
        throw new SealError("a sealed secret in the database was changed");
      }
    },
  };
}

class SealError extends Error {
  override readonly name = "SealError";
}
