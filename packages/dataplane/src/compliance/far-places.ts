import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { formatIpv4, type Ipv4Address } from "@tombolo/base";
import type { SocketKind } from "../engine/packet-io.ts";
import type { Addon, AddonEngine } from "../native/addon.ts";
import {
  encapsulations,
  limits,
  netWord,
  netWords,
  segmentKinds,
  slotAt,
  slotBytes,
  slotFlags,
  tunWord,
  tunWords,
} from "../native/layout.ts";
import type { PlaneEndpoint } from "../plane/plane.ts";
import type { Place } from "./bench.ts";
import { waitFor } from "./waiting.ts";

/** A place with an address of the loopback interface: Node's own UDP sockets, and a raw one of the addon for protocol 41. */
export class LoopbackPlace implements Place {
  readonly #ipv4: Ipv4Address;
  readonly #pop: Readonly<Record<"ayiya" | "udp", PlaneEndpoint>>;
  readonly #sockets: Readonly<Record<"ayiya" | "udp", UdpEnd>>;
  readonly #raw: RawEnd;

  private constructor(
    ipv4: Ipv4Address,
    pop: Readonly<Record<"ayiya" | "udp", PlaneEndpoint>>,
    ends: { ayiya: UdpEnd; udp: UdpEnd; raw: RawEnd },
  ) {
    this.#ipv4 = ipv4;
    this.#pop = pop;
    this.#sockets = ends;
    this.#raw = ends.raw;
  }

  static async open(addon: Addon, ipv4: Ipv4Address, pop: Readonly<Record<"ayiya" | "udp", PlaneEndpoint>>): Promise<LoopbackPlace> {
    const raw = new RawEnd(addon, ipv4, pop.ayiya.ipv4);
    return new LoopbackPlace(ipv4, pop, { ayiya: await UdpEnd.open(ipv4), udp: await UdpEnd.open(ipv4), raw });
  }

  endpointOf(kind: SocketKind): PlaneEndpoint {
    return { ipv4: this.#ipv4, port: kind === "proto41" ? 0 : this.#sockets[kind].port };
  }

  async send(kind: SocketKind, bytes: Uint8Array): Promise<void> {
    if (kind === "proto41") this.#raw.send(bytes);
    else await this.#sockets[kind].send(bytes, this.#pop[kind]);
  }

  receive(kind: SocketKind): Promise<Uint8Array> {
    const what = `a datagram at ${formatIpv4(this.#ipv4)} by ${kind}`;
    return waitFor(what, () => (kind === "proto41" ? this.#raw.next() : this.#sockets[kind].next()));
  }

  close(): void {
    this.#sockets.ayiya.close();
    this.#sockets.udp.close();
    this.#raw.close();
  }
}

class UdpEnd {
  readonly #socket: Socket;
  readonly #arrived: Uint8Array[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (bytes) => this.#arrived.push(new Uint8Array(bytes)));
  }

  static async open(ipv4: Ipv4Address): Promise<UdpEnd> {
    const socket = createSocket("udp4");
    socket.bind(0, formatIpv4(ipv4));
    await once(socket, "listening");
    return new UdpEnd(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(bytes: Uint8Array, to: PlaneEndpoint): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, to.port, formatIpv4(to.ipv4), (error) => (error === null ? resolve() : reject(error)));
    });
  }

  next(): Uint8Array | undefined {
    return this.#arrived.shift();
  }

  close(): void {
    this.#socket.close();
  }
}

/** Protocol 41 with one far end. Node has no raw sockets, so this is an engine of the addon with one slot and no device. */
class RawEnd {
  readonly #addon: Addon;
  readonly #fds: readonly number[];
  readonly #engine: AddonEngine;
  readonly #netData: Uint8Array = new Uint8Array(limits.netDataBytes);
  readonly #netPackets: Int32Array = new Int32Array(limits.netPackets * netWords);
  readonly #tunData: Uint8Array = new Uint8Array(limits.tunDataBytes);
  readonly #tunPackets: Int32Array = new Int32Array(limits.tunPackets * tunWords);
  readonly #arrived: Uint8Array[] = [];

  constructor(addon: Addon, own: Ipv4Address, far: Ipv4Address) {
    const slots = new Int32Array(slotBytes / 4);
    slots[slotAt.flags / 4] = slotFlags.used | slotFlags.enabled | slotFlags.hasEndpoint | slotFlags.proven;
    slots[slotAt.encapsulation / 4] = encapsulations.proto41;
    slots[slotAt.endpointIp / 4] = far.value;
    const { fd } = addon.openProto41(own.value, 0, 1);
    const wakeFd = addon.openWake().fd;
    this.#addon = addon;
    this.#fds = [fd, wakeFd];
    this.#engine = addon.makeEngine({
      tunFd: -1,
      wakeFd,
      sockets: [{ fd, kind: "proto41" }],
      slots: new Uint8Array(slots.buffer),
      netData: this.#netData,
      netPackets: this.#netPackets,
      tunData: this.#tunData,
      tunPackets: this.#tunPackets,
    });
  }

  send(bytes: Uint8Array): void {
    this.#tunData.set(bytes);
    this.#tunPackets.fill(0, 0, tunWords);
    this.#tunPackets[tunWord.length] = bytes.length;
    this.#tunPackets[tunWord.segmentKind] = segmentKinds.none;
    if (this.#engine.encap(1, 0) !== 1) throw new Error(`protocol 41: error ${this.#tunPackets[tunWord.result] ?? 0}`);
  }

  next(): Uint8Array | undefined {
    const count = this.#engine.netReceive(0);
    for (let i = 0; i < count; i += 1) {
      const at = this.#netPackets[i * netWords + netWord.offset] ?? 0;
      this.#arrived.push(this.#netData.slice(at, at + (this.#netPackets[i * netWords + netWord.length] ?? 0)));
    }
    return this.#arrived.shift();
  }

  close(): void {
    for (const fd of this.#fds) this.#addon.close(fd);
  }
}
