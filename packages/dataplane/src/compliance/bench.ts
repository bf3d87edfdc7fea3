import type { Ipv6Address, Ipv6Prefix } from "@tombolo/base";
import type { SocketKind } from "../engine/packet-io.ts";
import type { DataPlane, PlaneEndpoint, PlaneEvent } from "../plane/plane.ts";
import { ip6, prefix6, type UdpDatagram } from "./inner-packets.ts";

/** Who lives where on every bench: a PoP with one pool, and a host of the IPv6 Internet behind it. */
export const island: { readonly pool: Ipv6Prefix; readonly host: Ipv6Address; readonly hostPort: number } = {
  pool: prefix6("2001:db8:2ff::/48"),
  host: ip6("2001:db8:ffff::80"),
  hostPort: 8080,
};

/** A place on the IPv4 Internet with an address of its own. */
export interface Place {
  /** How the data plane sees what is sent from here. */
  endpointOf(kind: SocketKind): PlaneEndpoint;
  send(kind: SocketKind, bytes: Uint8Array): Promise<void>;
  /** The next datagram that arrived here; rejects when none does within a few seconds. */
  receive(kind: SocketKind): Promise<Uint8Array>;
}

/** A host with the address `island.host`, whose packets the kernel routes to the device. */
export interface Host {
  send(destination: Ipv6Address, port: number, payload: Uint8Array): Promise<void>;
  receive(): Promise<UdpDatagram>;
}

/** Runs `body` as a test of its own, on a bench of its own. */
export type Rule = (text: string, body: (bench: PlaneBench) => Promise<void>) => void;

/** A data plane of role "pop" under test, with the world around it. Each test opens its own and closes it. */
export interface PlaneBench {
  readonly plane: DataPlane;
  /** All so far. */
  readonly events: readonly PlaneEvent[];
  readonly places: readonly [Place, Place];
  readonly host: Host;
  nowSec(): number;
  /** Waits until the condition holds; rejects after a few seconds, naming `what`. */
  until(what: string, holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}
