/** Cuts a stream of bytes into lines, with a bound on each: an endless line must not fill the memory. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: false });
  #parts: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that `chunk` completes, without their LF; "too-long" ends the use of this splitter. */
  push(chunk: Uint8Array): readonly string[] | "too-long" {
    const lines: string[] = [];
    let from = 0;
    for (;;) {
      const to = chunk.indexOf(0x0a, from);
      const part = chunk.subarray(from, to < 0 ? chunk.length : to);
      if (this.#heldBytes + part.length > this.#maxBytes) return "too-long";
      if (to < 0) {
        if (part.length > 0) this.#hold(part);
        return lines;
      }
      lines.push(this.#take(part));
      from = to + 1;
    }
  }

  /** Bytes of the line that has not ended yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  #hold(part: Uint8Array): void {
    this.#parts.push(part.slice());
    this.#heldBytes += part.length;
  }

  #take(last: Uint8Array): string {
    if (this.#parts.length === 0) return this.#decoder.decode(last);
    const whole = new Uint8Array(this.#heldBytes + last.length);
    let at = 0;
    for (const part of [...this.#parts, last]) {
      whole.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#heldBytes = 0;
    return this.#decoder.decode(whole);
  }
}
