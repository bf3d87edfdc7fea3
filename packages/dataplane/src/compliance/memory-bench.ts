import {
  containsAddress,
  decodeIpv6,
  makeIpv4,
  makeSeededRandom,
  monotonicMs,
  wallSec,
  type Ipv6Address,
  type MonotonicMs,
  type WallSec,
} from "@tombolo/base";
import { ipv6At } from "@tombolo/protocols";
import { MemoryWire, type OuterPacket } from "../drivers/memory-wire.ts";
import { openMemoryPlane } from "../drivers/memory.ts";
import type { SocketKind } from "../engine/packet-io.ts";
import type { DataPlane, PlaneEndpoint, PlaneEvent } from "../plane/plane.ts";
import { island, type Host, type Place, type PlaneBench } from "./bench.ts";
import { readUdp, udpPacket, type UdpDatagram } from "./inner-packets.ts";

/** Clocks that stand still until a test moves them. */
class TestClock {
  sec = 1_136_073_600;
  ms = 5000;

  /** Both clocks. */
  pass(seconds: number): void {
    this.sec += seconds;
    this.ms += seconds * 1000;
  }

  nowSec(): WallSec {
    return wallSec(this.sec);
  }

  nowMs(): MonotonicMs {
    return monotonicMs(this.ms);
  }
}

/** A repeated call that runs when a test says so. */
interface Repeated {
  readonly everySec: number;
  readonly run: () => void;
}

/** The memory driver with everything around it in the test's hand; what a test sends is worked on before the call returns. */
export class MemoryBench implements PlaneBench {
  readonly wire: MemoryWire = new MemoryWire();
  readonly clock: TestClock = new TestClock();
  readonly events: PlaneEvent[] = [];
  readonly repeated: Set<Repeated> = new Set();
  readonly plane: DataPlane;
  readonly places: readonly [MemoryPlace, MemoryPlace];
  readonly host: Host;
  readonly #isRouter: boolean;
  readonly #delivered: Uint8Array[] = [];
  /** Sent by the plane, not yet received by a place. */
  readonly #mail: OuterPacket[] = [];

  constructor(options: { readonly role?: "pop" | "client"; readonly capacity?: number } = {}) {
    const role = options.role ?? "pop";
    this.#isRouter = role === "pop";
    this.plane = openMemoryPlane(
      { role, capacity: options.capacity ?? 64 },
      {
        wire: this.wire,
        wall: this.clock,
        monotonic: this.clock,
        random: makeSeededRandom(1),
        repeat: (everySec, run) => {
          const one = { everySec, run };
          this.repeated.add(one);
          return () => this.repeated.delete(one);
        },
      },
      (event) => this.events.push(event),
    );
    this.places = [this.#makePlace(0xc633_6407), this.#makePlace(0xcb00_7109)];
    this.host = {
      send: (destination, port, payload) => {
        this.wire.route(udpPacket({ source: island.host, sourcePort: island.hostPort, destination, destinationPort: port, payload }));
        return Promise.resolve();
      },
      receive: () => {
        this.#runKernel();
        const datagram = this.#nextDatagram();
        return datagram === undefined ? Promise.reject(new Error("nothing reached the host")) : Promise.resolve(datagram);
      },
    };
  }

  nowSec(): number {
    return this.clock.sec;
  }

  /** What was sent to the network since the last call, by any socket and to any place. */
  sent(): OuterPacket[] {
    return [...this.#mail.splice(0), ...this.wire.takeSent()];
  }

  /** What was written to the kernel since the last call, less what the kernel routed back into a tunnel. */
  delivered(): Uint8Array[] {
    this.#runKernel();
    return this.#delivered.splice(0);
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return holds() ? Promise.resolve() : Promise.reject(new Error(`it is not so: ${what}`));
  }

  close(): Promise<void> {
    return this.plane.close();
  }

  #makePlace(ip: number): MemoryPlace {
    return new MemoryPlace(this.wire, ip, (kind, endpoint) => {
      this.#runKernel();
      this.#mail.push(...this.wire.takeSent());
      const at = this.#mail.findIndex((one) => one.ip === endpoint.ipv4.value && one.kind === kind && one.port === endpoint.port);
      return at < 0 ? undefined : this.#mail.splice(at, 1)[0];
    });
  }

  /** Until nothing more comes of what was written to it. */
  #runKernel(): void {
    for (let packets = this.wire.takeDelivered(); packets.length > 0; packets = this.wire.takeDelivered()) {
      for (const packet of packets) if (!this.#routedBack(packet)) this.#delivered.push(packet);
    }
  }

  /** A PoP's kernel is a router: what goes to the pool comes back to the device, one hop older. */
  #routedBack(packet: Uint8Array): boolean {
    const hops = packet[ipv6At.hopLimit] ?? 0;
    if (!this.#isRouter || !containsAddress(island.pool, destinationOf(packet)) || hops <= 1) return false;
    packet[ipv6At.hopLimit] = hops - 1;
    this.wire.route(packet);
    return true;
  }

  #nextDatagram(): UdpDatagram | undefined {
    for (let packet = this.#delivered.shift(); packet !== undefined; packet = this.#delivered.shift()) {
      const datagram = readUdp(packet);
      if (datagram !== undefined && datagram.destination.value === island.host.value) return datagram;
    }
    return undefined;
  }
}

function destinationOf(packet: Uint8Array): Ipv6Address {
  return decodeIpv6(packet.subarray(ipv6At.destination));
}

/** Port 4000 for AYIYA, 4001 for bare UDP. */
class MemoryPlace implements Place {
  readonly #wire: MemoryWire;
  readonly #ip: number;
  readonly #take: (kind: SocketKind, endpoint: PlaneEndpoint) => OuterPacket | undefined;

  constructor(wire: MemoryWire, ip: number, take: (kind: SocketKind, endpoint: PlaneEndpoint) => OuterPacket | undefined) {
    this.#wire = wire;
    this.#ip = ip;
    this.#take = take;
  }

  endpointOf(kind: SocketKind): PlaneEndpoint {
    const port = kind === "proto41" ? 0 : kind === "ayiya" ? 4000 : 4001;
    return { ipv4: makeIpv4(this.#ip), port };
  }

  /** Like `send`, done when the call returns; `tos` is the outer header's. */
  put(kind: SocketKind, bytes: Uint8Array, tos = 0): void {
    const { ipv4, port } = this.endpointOf(kind);
    this.#wire.arrive({ kind, ip: ipv4.value, port, bytes, tos });
  }

  send(kind: SocketKind, bytes: Uint8Array): Promise<void> {
    this.put(kind, bytes);
    return Promise.resolve();
  }

  receive(kind: SocketKind): Promise<Uint8Array> {
    const packet = this.#take(kind, this.endpointOf(kind));
    return packet === undefined ? Promise.reject(new Error("nothing arrived")) : Promise.resolve(packet.bytes);
  }
}
