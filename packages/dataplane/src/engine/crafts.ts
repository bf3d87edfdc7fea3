import { ayiyaOpcodes } from "@tombolo/protocols";
import { limits, netVerdicts, netWord, netWords, segmentKinds, tunWord, tunWords } from "../native/layout.ts";
import type { EngineState } from "./state.ts";

/**
 * Packets of the engine's own making: probes, beats, echo replies, ICMPv6 errors. Each direction borrows the arrays of the other
 * one, which are empty while a batch is worked on, and sends on the way when they are full.
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

  /** Offset of `bytes` free bytes, or -1 for more than a packet can have. */
  room(bytes: number): number {
    if (bytes > limits.craftBytes) return -1;
    if (this.count >= limits.craftPackets || this.#used + bytes > limits.craftBytes) this.flush();
    return this.#data.length - limits.craftBytes + this.#used;
  }

  /** Sends what was made. */
  flush(): void {
    if (this.count > 0) this.send(this.count);
    this.#used = 0;
    this.count = 0;
  }

  protected take(bytes: number): void {
    this.#used += bytes;
    this.count += 1;
  }

  protected abstract send(count: number): void;
}

/** Into a tunnel, towards its far end. */
export class NetworkCrafts extends Crafts {
  readonly #state: EngineState;

  constructor(state: EngineState) {
    super(state.io.tunData);
    this.#state = state;
  }

  /** The packet stands at `at`; length 0 makes an AYIYA beat. With `ip` it goes there, not to the tunnel's endpoint. */
  push(at: number, length: number, slot: number, ip = 0, port = 0): void {
    const base = this.count * tunWords;
    const records = this.#state.io.tunPackets;
    records.fill(0, base, base + tunWords);
    records[base + tunWord.offset] = at;
    records[base + tunWord.length] = length;
    records[base + tunWord.segmentKind] = segmentKinds.none;
    records[base + tunWord.slot] = slot;
    records[base + tunWord.overrideIp] = ip;
    records[base + tunWord.overridePort] = port;
    records[base + tunWord.opcode] = length === 0 ? 0 : 1;
    this.take(length);
    if (this.#state.tracer.active) this.#state.tracer.made({ slot, data: this.data, at, length });
  }

  /** The payload of an AYIYA echo response (opcode 4), to the tunnel's endpoint. */
  pushEcho(at: number, length: number, slot: number): void {
    const base = this.count * tunWords;
    this.push(at, length, slot);
    this.#state.io.tunPackets[base + tunWord.opcode] = ayiyaOpcodes.echoResponse;
  }

  protected send(count: number): void {
    this.#state.io.encap(count, this.#state.nowSec);
  }
}

/** To our own kernel, which routes them on. */
export class KernelCrafts extends Crafts {
  readonly #state: EngineState;

  constructor(state: EngineState) {
    super(state.io.netData);
    this.#state = state;
  }

  push(at: number, length: number): void {
    const base = this.count * netWords;
    const records = this.#state.io.netPackets;
    records.fill(0, base, base + netWords);
    records[base + netWord.innerOffset] = at;
    records[base + netWord.innerLength] = length;
    records[base + netWord.verdict] = netVerdicts.accept;
    this.take(length);
  }

  protected send(count: number): void {
    this.#state.io.tunSend(count);
  }
}
