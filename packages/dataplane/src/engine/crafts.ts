import { limits, netVerdicts, netWord, netWords, segmentKinds, tunWord, tunWords } from "../native/layout.ts";
import type { PacketIo } from "./packet-io.ts";

/**
 * Packets of the engine's own making: probes, beats, echo replies, ICMPv6 errors. Each direction borrows the arrays of the other
 * one, which are empty while a batch is worked on; what does not fit is not sent, since none of these are owed to anybody.
 */
abstract class Crafts {
  protected count = 0;
  #used = 0;
  readonly #data: Uint8Array;

  protected constructor(data: Uint8Array) {
    this.#data = data;
  }

  /** Where the packets are written. */
  get data(): Uint8Array {
    return this.#data;
  }

  /** Offset of `bytes` free bytes, or -1 when this batch made enough. */
  room(bytes: number): number {
    if (this.count >= limits.craftPackets || this.#used + bytes > limits.craftBytes) return -1;
    return this.#data.length - limits.craftBytes + this.#used;
  }

  protected take(bytes: number): void {
    this.#used += bytes;
    this.count += 1;
  }

  protected clear(): void {
    this.#used = 0;
    this.count = 0;
  }
}

/** Into a tunnel, towards its far end. */
export class NetworkCrafts extends Crafts {
  readonly #io: PacketIo;

  constructor(io: PacketIo) {
    super(io.tunData);
    this.#io = io;
  }

  /** The packet stands at `at`; length 0 makes an AYIYA beat. With `ip` it goes there, not to the tunnel's endpoint. */
  push(at: number, length: number, slot: number, ip = 0, port = 0): void {
    const base = this.count * tunWords;
    const records = this.#io.tunPackets;
    records.fill(0, base, base + tunWords);
    records[base + tunWord.offset] = at;
    records[base + tunWord.length] = length;
    records[base + tunWord.segmentKind] = segmentKinds.none;
    records[base + tunWord.slot] = slot;
    records[base + tunWord.overrideIp] = ip;
    records[base + tunWord.overridePort] = port;
    records[base + tunWord.opcode] = length === 0 ? 0 : 1;
    this.take(length);
  }

  flush(epochSec: number): void {
    if (this.count > 0) this.#io.encap(this.count, epochSec);
    this.clear();
  }
}

/** To our own kernel, which routes them on. */
export class KernelCrafts extends Crafts {
  readonly #io: PacketIo;

  constructor(io: PacketIo) {
    super(io.netData);
    this.#io = io;
  }

  push(at: number, length: number): void {
    const base = this.count * netWords;
    const records = this.#io.netPackets;
    records.fill(0, base, base + netWords);
    records[base + netWord.innerOffset] = at;
    records[base + netWord.innerLength] = length;
    records[base + netWord.verdict] = netVerdicts.accept;
    this.take(length);
  }

  flush(): void {
    if (this.count > 0) this.#io.tunSend(this.count);
    this.clear();
  }
}
