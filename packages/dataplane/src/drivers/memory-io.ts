import { ayiyaAt, ayiyaHeaderBytes, ayiyaLengths, ayiyaMethods, ayiyaOpcodes, ayiyaSharedSecret, nextHeaders } from "@tombolo/protocols";
import { equalConstantTime } from "@tombolo/base";
import { errorSocket, socketKinds, type PacketIo } from "../engine/packet-io.ts";
import {
  encapsulations,
  limits,
  netVerdicts,
  netWord,
  netWords,
  ready,
  segmentKinds,
  slotAt,
  slotBytes,
  tunWord,
  tunWords,
} from "../native/layout.ts";
import type { MemoryWire } from "./memory-wire.ts";

const maxRead = 65_600;
const keyBytes = 20;

/** The addon's twin: the same arrays and the same calls over packets in memory, one by one and without super-packets. */
export class MemoryIo implements PacketIo {
  readonly netData: Uint8Array = new Uint8Array(limits.netDataBytes);
  readonly netPackets: Int32Array = new Int32Array(limits.netPackets * netWords);
  readonly tunData: Uint8Array = new Uint8Array(limits.tunDataBytes);
  readonly tunPackets: Int32Array = new Int32Array(limits.tunPackets * tunWords);
  readonly #wire: MemoryWire;
  readonly #slots: Uint8Array;
  readonly #words: Int32Array;
  readonly #digest: (bytes: Uint8Array) => Uint8Array;

  constructor(wire: MemoryWire, slots: SharedArrayBuffer, digest: (bytes: Uint8Array) => Uint8Array) {
    this.#wire = wire;
    this.#slots = new Uint8Array(slots);
    this.#words = new Int32Array(slots);
    this.#digest = digest;
  }

  poll(): number {
    let bits = this.#wire.kernelWaits ? ready.tun : 0;
    for (const [i, kind] of socketKinds.entries()) if (this.#wire.waits(kind)) bits |= ready.socket << i;
    if (this.#wire.errorWaits) bits |= ready.socket << errorSocket;
    return bits;
  }

  netReceive(socket: number): number {
    const kind = socketKinds[socket];
    if (kind === undefined && socket !== errorSocket) return 0;
    let at = 0;
    let count = 0;
    while (count < limits.netPackets && at + maxRead <= limits.netDataBytes - limits.craftBytes) {
      const packet = kind === undefined ? this.#wire.nextError() : this.#wire.nextFromNetwork(kind);
      if (packet === undefined) break;
      this.netData.set(packet.bytes, at);
      this.netPackets.set(
        [at, packet.bytes.length, packet.ip, packet.port, packet.tos, socket, netVerdicts.drop, 0, 0, -1],
        count * netWords,
      );
      at += packet.bytes.length;
      count += 1;
    }
    return count;
  }

  verifyAyiya(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const base = i * netWords;
      if (this.netPackets[base + netWord.verdict] !== netVerdicts.verify) continue;
      const at = this.netPackets[base + netWord.offset] ?? 0;
      const packet = this.netData.subarray(at, at + (this.netPackets[base + netWord.length] ?? 0));
      const theirs = packet.slice(ayiyaAt.signature, ayiyaHeaderBytes);
      const isRight = equalConstantTime(this.#sign(packet, this.netPackets[base + netWord.slot] ?? 0), theirs);
      packet.set(theirs, ayiyaAt.signature);
      this.netPackets[base + netWord.verdict] = isRight ? netVerdicts.accept : netVerdicts.badSignature;
    }
  }

  tunSend(count: number): number {
    let sent = 0;
    for (let i = 0; i < count; i += 1) {
      const base = i * netWords;
      if (this.netPackets[base + netWord.verdict] !== netVerdicts.accept) continue;
      const at = this.netPackets[base + netWord.innerOffset] ?? 0;
      this.#wire.deliver(this.netData.slice(at, at + (this.netPackets[base + netWord.innerLength] ?? 0)));
      sent += 1;
    }
    return sent;
  }

  tunReceive(): number {
    let at = 0;
    let count = 0;
    while (count < limits.tunPackets && at + maxRead <= limits.tunDataBytes - limits.craftBytes) {
      const packet = this.#wire.nextFromKernel();
      if (packet === undefined) break;
      this.tunData.set(packet, at);
      this.tunPackets.fill(0, count * tunWords, (count + 1) * tunWords);
      this.tunPackets[count * tunWords + tunWord.offset] = at;
      this.tunPackets[count * tunWords + tunWord.length] = packet.length;
      this.tunPackets[count * tunWords + tunWord.segmentKind] = segmentKinds.none;
      at += packet.length;
      count += 1;
    }
    return count;
  }

  encap(count: number, epochSec: number): number {
    let sent = 0;
    for (let i = 0; i < count; i += 1) {
      const base = i * tunWords;
      const word = (at: number): number => this.tunPackets[base + at] ?? 0;
      const slot = word(tunWord.slot);
      if (slot < 0) continue;
      const inner = this.tunData.subarray(word(tunWord.offset), word(tunWord.offset) + word(tunWord.length));
      const encapsulation = this.#word(slot, slotAt.encapsulation);
      const isAyiya = encapsulation === encapsulations.ayiya;
      const overrides = word(tunWord.overrideIp) !== 0;
      this.#wire.send({
        kind: isAyiya ? "ayiya" : encapsulation === encapsulations.udp ? "udp" : "proto41",
        ip: (overrides ? word(tunWord.overrideIp) : this.#word(slot, slotAt.endpointIp)) >>> 0,
        port: overrides ? word(tunWord.overridePort) : this.#word(slot, slotAt.endpointPort),
        bytes: isAyiya ? this.#ayiya(slot, inner, word(tunWord.opcode), epochSec) : inner.slice(),
        tos: word(tunWord.tos),
      });
      this.tunPackets[base + tunWord.result] = 1;
      sent += 1;
    }
    return sent;
  }

  #ayiya(slot: number, inner: Uint8Array, opcode: number, epochSec: number): Uint8Array {
    const packet = new Uint8Array(ayiyaHeaderBytes + inner.length);
    const nextHeader = inner.length > 0 && opcode === ayiyaOpcodes.forward ? nextHeaders.ipv6 : nextHeaders.none;
    packet.set([ayiyaLengths, ayiyaMethods, ayiyaSharedSecret | opcode, nextHeader]);
    new DataView(packet.buffer).setUint32(ayiyaAt.epoch, epochSec);
    packet.set(this.#bytes(slot, slotAt.local, 16), ayiyaAt.identity);
    packet.set(inner, ayiyaHeaderBytes);
    packet.set(this.#sign(packet, slot), ayiyaAt.signature);
    return packet;
  }

  /** AYIYA sheet section 4; leaves the key in the signature's place. */
  #sign(packet: Uint8Array, slot: number): Uint8Array {
    packet.set(this.#bytes(slot, slotAt.key, keyBytes), ayiyaAt.signature);
    return this.#digest(packet);
  }

  #bytes(slot: number, at: number, length: number): Uint8Array {
    return this.#slots.slice(slot * slotBytes + at, slot * slotBytes + at + length);
  }

  #word(slot: number, at: number): number {
    return this.#words[(slot * slotBytes + at) / 4] ?? 0;
  }
}
