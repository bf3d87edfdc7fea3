/**
 * Reads big-endian fields off a byte array. A read past the end marks the reader as short and gives zero,
 * so a decoder reads all its fields and asks `short` once; nothing throws and nothing is read outside.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #short = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Offset in bytes of the next read. */
  get at(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** True once a read asked for more than there was. */
  get short(): boolean {
    return this.#short;
  }

  uint8(): number {
    if (!this.#has(1)) return 0;
    return this.#bytes[this.#at++] ?? 0;
  }

  uint16(): number {
    if (!this.#has(2)) return 0;
    return this.uint8() * 0x100 + this.uint8();
  }

  uint32(): number {
    if (!this.#has(4)) return 0;
    return this.uint16() * 0x10000 + this.uint16();
  }

  uint128(): bigint {
    if (!this.#has(16)) return 0n;
    let value = 0n;
    for (let i = 0; i < 4; i += 1) value = (value << 32n) | BigInt(this.uint32());
    return value;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    if (length < 0 || !this.#has(length)) return new Uint8Array(0);
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  #has(length: number): boolean {
    if (this.remaining >= length && !this.#short) return true;
    this.#short = true;
    return false;
  }
}
