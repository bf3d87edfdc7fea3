/** What a sealed text is for; sealing binds it, so a blob moved to the other column does not open. */
export type SealPurpose = "access-key" | "tunnel-secret";

/**
 * Keeps secrets that old protocols need in the clear unreadable at rest. What `seal` gives is text for one column;
 * sealing the same text twice may give two results. `unseal` throws when the text was not sealed with this key and
 * purpose: then the key file is the wrong one, and going on would only hide it. Neither puts a secret into an error.
 */
export interface Sealer {
  seal(clear: string, purpose: SealPurpose): string;
  unseal(sealed: string, purpose: SealPurpose): string;
}

/** SHA-256 of RFC 6234; 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;
