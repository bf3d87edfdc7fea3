import type { SocketKind } from "../engine/packet-io.ts";

/** A datagram outside of a tunnel. `port` is 0 for protocol 41. */
export interface OuterPacket {
  readonly kind: SocketKind;
  /** The far end's address as a number. */
  readonly ip: number;
  readonly port: number;
  /** UDP payload, or what follows the outer IPv4 header. */
  readonly bytes: Uint8Array;
  /** Outer TOS byte. */
  readonly tos: number;
}

/** The two sides of a data plane in memory: what a test puts in, and what came out since it last looked. */
export class MemoryWire {
  /** Set by the plane: called when there is something to work on. */
  onReady: () => void = () => {};
  readonly #fromNetwork: OuterPacket[] = [];
  readonly #errors: Omit<OuterPacket, "kind">[] = [];
  readonly #fromKernel: Uint8Array[] = [];
  #toNetwork: OuterPacket[] = [];
  #toKernel: Uint8Array[] = [];

  /** A datagram arrives from outside. */
  arrive(packet: OuterPacket): void {
    this.#fromNetwork.push(packet);
    this.onReady();
  }

  /** An ICMPv4 message arrives, from its header on. */
  complain(ip: number, bytes: Uint8Array): void {
    this.#errors.push({ ip, port: 0, bytes, tos: 0 });
    this.onReady();
  }

  /** The kernel routes a packet to the device. */
  route(packet: Uint8Array): void {
    this.#fromKernel.push(packet);
    this.onReady();
  }

  takeSent(): OuterPacket[] {
    const sent = this.#toNetwork;
    this.#toNetwork = [];
    return sent;
  }

  takeDelivered(): Uint8Array[] {
    const delivered = this.#toKernel;
    this.#toKernel = [];
    return delivered;
  }

  nextFromNetwork(kind: SocketKind): OuterPacket | undefined {
    const at = this.#fromNetwork.findIndex((packet) => packet.kind === kind);
    return at < 0 ? undefined : this.#fromNetwork.splice(at, 1)[0];
  }

  waits(kind: SocketKind): boolean {
    return this.#fromNetwork.some((packet) => packet.kind === kind);
  }

  get errorWaits(): boolean {
    return this.#errors.length > 0;
  }

  nextError(): Omit<OuterPacket, "kind"> | undefined {
    return this.#errors.shift();
  }

  get kernelWaits(): boolean {
    return this.#fromKernel.length > 0;
  }

  nextFromKernel(): Uint8Array | undefined {
    return this.#fromKernel.shift();
  }

  send(packet: OuterPacket): void {
    this.#toNetwork.push(packet);
  }

  deliver(packet: Uint8Array): void {
    this.#toKernel.push(packet);
  }
}
