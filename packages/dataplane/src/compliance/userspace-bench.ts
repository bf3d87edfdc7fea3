import { execFileSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { formatIpv6, formatPrefix, parseIpv6, type Ipv6Address } from "@tombolo/base";
import { openUserspacePlane } from "../drivers/userspace.ts";
import { loadAddon } from "../native/load.ts";
import type { PlaneEndpoint, PlaneEvent } from "../plane/plane.ts";
import { island, type Host, type PlaneBench } from "./bench.ts";
import { LoopbackPlace } from "./far-places.ts";
import { ip4, type UdpDatagram } from "./inner-packets.ts";
import { waitFor } from "./waiting.ts";

const device = "tmbl-test";
const popIpv4 = ip4("127.0.0.1");
const pop: Readonly<Record<"ayiya" | "udp", PlaneEndpoint>> = {
  ayiya: { ipv4: popIpv4, port: 5072 },
  udp: { ipv4: popIpv4, port: 3653 },
};

/** Runs ip(8) with the words of a line. */
export function ip(line: string): void {
  execFileSync("ip", line.split(" "), { stdio: ["ignore", "ignore", "pipe"] });
}

/** Makes this process's network namespace, which must be its own, ready: loopback, forwarding, and the host's address. */
export function prepareNamespace(): void {
  ip("link set lo up");
  ip(`-6 addr add ${formatIpv6(island.host)}/128 dev lo nodad`);
  writeFileSync("/proc/sys/net/ipv6/conf/all/forwarding", "1");
}

/** Opens the driver of workers and addon in a prepared namespace: the places are loopback addresses, the host is the kernel. */
export async function openUserspaceBench(options: { readonly workers: number; readonly nowSec: () => number }): Promise<PlaneBench> {
  const events: PlaneEvent[] = [];
  const plane = await openUserspacePlane(
    {
      role: "pop",
      device,
      outerIpv4: popIpv4,
      ayiyaPort: pop.ayiya.port,
      udpPort: pop.udp.port,
      proto41: true,
      workers: options.workers,
      capacity: 16,
    },
    (event) => events.push(event),
  );
  ip(`link set ${device} mtu 1500 up`);
  ip(`-6 route add ${formatPrefix(island.pool)} dev ${device}`);
  ip(`-6 route add 2001:db8:8000::/33 dev ${device}`);
  const addon = loadAddon();
  const places = [await LoopbackPlace.open(addon, ip4("127.0.0.2"), pop), await LoopbackPlace.open(addon, ip4("127.0.0.3"), pop)] as const;
  const host = await KernelHost.open();
  return {
    plane,
    events,
    places,
    host,
    nowSec: options.nowSec,
    until: async (what, holds) => void (await waitFor(what, () => (holds() ? true : undefined))),
    close: async () => {
      host.close();
      for (const place of places) place.close();
      await plane.close();
    },
  };
}

class KernelHost implements Host {
  readonly #socket: Socket;
  readonly #arrived: UdpDatagram[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (bytes, from) => {
      const source = parseIpv6(from.address);
      if (!source.ok) return;
      this.#arrived.push({
        source: source.value,
        sourcePort: from.port,
        destination: island.host,
        destinationPort: island.hostPort,
        payload: new Uint8Array(bytes),
      });
    });
  }

  static async open(): Promise<KernelHost> {
    const socket = createSocket("udp6");
    socket.bind(island.hostPort, formatIpv6(island.host));
    await once(socket, "listening");
    return new KernelHost(socket);
  }

  send(destination: Ipv6Address, port: number, payload: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(payload, port, formatIpv6(destination), (error) => (error === null ? resolve() : reject(error)));
    });
  }

  receive(): Promise<UdpDatagram> {
    return waitFor("a datagram at the host", () => this.#arrived.shift());
  }

  close(): void {
    this.#socket.close();
  }
}
