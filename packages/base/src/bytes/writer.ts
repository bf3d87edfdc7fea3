import { assert } from "../result/result.ts";

/** Writes big-endian fields into a buffer of known size; writing past its end is our own bug. */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(lengthBytes: number) {
    this.#bytes = new Uint8Array(lengthBytes);
  }

  get at(): number {
    return this.#at;
  }

  uint8(value: number): this {
    assert(this.#at < this.#bytes.length, "writer is full");
    this.#bytes[this.#at++] = value;
    return this;
  }

  uint16(value: number): this {
    return this.uint8(value >>> 8).uint8(value);
  }

  uint32(value: number): this {
    return this.uint16(value >>> 16).uint16(value);
  }

  uint128(value: bigint): this {
    for (let shift = 96n; shift >= 0n; shift -= 32n) this.uint32(Number((value >> shift) & 0xffff_ffffn));
    return this;
  }

  bytes(part: Uint8Array): this {
    assert(this.#at + part.length <= this.#bytes.length, "writer is full");
    this.#bytes.set(part, this.#at);
    this.#at += part.length;
    return this;
  }

  /** What was written, as a view of the writer's own buffer. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }
}
