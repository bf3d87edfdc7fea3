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
  /** With a fixed endpoint: nothing but probes goes there, and nothing is taken from there, until it answered a nonce. */
  readonly proveFixed?: boolean;
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
  /** An answer to `ping`. */
  | { readonly kind: "pong"; readonly id: number; readonly rttMs: number; readonly sequence: number }
  | PlaneTrace
  | { readonly kind: "worker-failed"; readonly message: string };

/** What was decided about one packet of a tunnel that is being traced. */
export interface PlaneTrace {
  readonly kind: "trace";
  readonly id: number;
  readonly at: WallSec;
  /** In: from the network towards the kernel. */
  readonly direction: "in" | "out";
  readonly decision: TraceDecision;
  /** One of `dropReasons`, with `dropped`. */
  readonly reason?: string;
  /** The outer source; only of what came in. */
  readonly source?: PlaneEndpoint;
  /** Of the datagram's payload with `in`, of the inner packet with `out`. */
  readonly length: number;
  /** One line of printable ASCII: addresses, protocol, ports or ICMPv6 type. */
  readonly summary: string;
}

/** `taken`: answered or used up by the data plane itself. `made`: an answer, error, probe or beat of its own. */
export type TraceDecision = "carried" | "dropped" | "taken" | "made";

/** Round trips of `ping` and `pingMany` since the last look. The three times are 0 while `received` is. */
export interface PlaneLatency {
  readonly sent: number;
  readonly received: number;
  readonly minMs: number;
  readonly avgMs: number;
  readonly maxMs: number;
}

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
  /**
   * 6in4 and UDP, whose packets are not signed: a signed message beside the tunnel (a heartbeat) of time `atSec` says that the far
   * end is at `endpoint`. It is asked there for an echo with a nonce, again when it does not answer, and an `endpoint` event
   * follows when it does. Where the old endpoint is silent for 120 s, or none is known, traffic follows at once, at most three
   * times what came, until it is proven. Tell every such message: those from the present endpoint show that it lives, and refill
   * what an unproven one may get. A message not newer than the one that last moved the tunnel, or than the newest from
   * its present endpoint, moves nothing, and 10 s lie between two moves. Ignored for AYIYA and for fixed endpoints.
   */
  propose(id: number, endpoint: PlaneEndpoint, atSec: WallSec): void;
  /**
   * The endpoint is not alive any more: packets to it are answered 1/0, packets from it dropped as `tunnel-down`, until `propose`
   * or an AYIYA packet brings the tunnel up again. Counters stay. A fixed endpoint with `proveFixed` is asked on, once a minute at
   * last, and comes back by itself; another fixed one comes back with `set`.
   */
  withdraw(id: number): void;
  /** Asks the far inner end for an echo, which is counted in `latency`; a `pong` follows when it comes within 10 s. At most 4 under way. */
  ping(id: number): void;
  /** The same for many tunnels in one message and without `pong`; spread them over time. Tunnels that are not up are passed over. */
  pingMany(ids: readonly number[]): void;
  /** Of the pings since the last call that were answered or, after 10 s, lost; undefined when there are none. Then it begins anew. */
  latency(id: number): PlaneLatency | undefined;
  /** `trace` events for what is decided about the tunnel, at most 50 a second, for `seconds` (at most 600); 0 ends it. */
  trace(id: number, seconds: number): void;
  close(): Promise<void>;
}
