import type { Ipv4Address, Ipv6Address, Ipv6Prefix, WallSec } from "@tombolo/base";

/** One tunnel as the data plane needs it. */
export interface PlaneTunnel {
  /** 1 to 2^31 - 1: the number in `T1001`. */
  readonly id: number;
  readonly encapsulation: "ayiya" | "6in4" | "udp";
  readonly enabled: boolean;
  /** Our inner end: the PoP's ::1 at a PoP, the client's ::2 at a client. */
  readonly localAddress: Ipv6Address;
  /** The other inner end. */
  readonly remoteAddress: Ipv6Address;
  /** Prefixes whose packets go out through this tunnel and may come in from it. A client uses ::/0. */
  readonly prefixes: readonly Ipv6Prefix[];
  readonly mtuBytes: number;
  /** The shared secret's ASCII bytes; AYIYA only. */
  readonly secret: Uint8Array | undefined;
  readonly endpoint: PlaneEndpoint | undefined;
  /** True: the endpoint is configured and never moves (a client's PoP, static 6in4). */
  readonly endpointFixed: boolean;
  /** 0: send no beats (a PoP). */
  readonly beatSec: number;
}

export interface PlaneEndpoint {
  readonly ipv4: Ipv4Address;
  /** 0 for protocol 41. */
  readonly port: number;
}

export interface PlaneOptions {
  readonly role: "pop" | "client";
  /** Name of the TUN device; made by `open`, gone after `close`. */
  readonly device: string;
  /** Where the sockets are bound; 0.0.0.0 at a client. */
  readonly outerIpv4: Ipv4Address;
  /** UDP port for AYIYA; 0 lets the kernel choose (a client); undefined opens none. */
  readonly ayiyaPort: number | undefined;
  /** UDP port for bare IPv6-in-UDP. */
  readonly udpPort: number | undefined;
  readonly proto41: boolean;
  /** Worker threads, 1 to 16. */
  readonly workers: number;
  /** How many tunnels the table can hold; memory is touched only as it fills. */
  readonly capacity: number;
}

export type PlaneEvent =
  /** The far end was proven at `endpoint`, and traffic follows it from now on. */
  | { readonly kind: "endpoint"; readonly id: number; readonly endpoint: PlaneEndpoint; readonly at: WallSec }
  /** An answer to the keep-check that a client sends through the tunnel to the PoP's inner end. */
  | { readonly kind: "answered"; readonly id: number; readonly rttMs: number }
  /** A beat or packet was refused for its time; `skewSec` is theirs minus ours. */
  | { readonly kind: "clock-off"; readonly id: number; readonly skewSec: number }
  | { readonly kind: "worker-failed"; readonly message: string };

export interface PlaneCounters {
  readonly inPackets: number;
  readonly inBytes: number;
  readonly outPackets: number;
  readonly outBytes: number;
  /** All reasons together. */
  readonly drops: number;
  readonly lastSeenAt: WallSec | undefined;
  readonly endpoint: PlaneEndpoint | undefined;
  readonly endpointProven: boolean;
}

export interface DropRecord {
  /** One of `dropReasons`. */
  readonly reason: string;
  readonly count: number;
  readonly lastAt: WallSec;
  readonly lastSource: PlaneEndpoint | undefined;
  /** At most 128 bytes of the last packet. */
  readonly lastBytes: Uint8Array;
}

export interface PlaneTotals {
  readonly inPackets: number;
  readonly inBytes: number;
  readonly outPackets: number;
  readonly outBytes: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly tunnels: number;
}

/** The data plane; `userspace` (workers and addon) and `memory` are twins under one compliance suite. */
export interface DataPlane {
  /** Adds a tunnel, or changes the one of the same id in place. */
  set(tunnel: PlaneTunnel): "set" | "full";
  remove(id: number): void;
  counters(id: number): PlaneCounters | undefined;
  drops(id: number): readonly DropRecord[];
  totals(): PlaneTotals;
  /** Client: beat now, and check that the PoP's inner end answers (an `answered` event follows when it does). */
  check(id: number): void;
  close(): Promise<void>;
}
