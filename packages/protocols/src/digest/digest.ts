/** A hash function over the whole input: SHA-1 for AYIYA, MD5 for TIC. Handed in, so that this package stays pure. */
export type Digest = (bytes: Uint8Array) => Uint8Array;
