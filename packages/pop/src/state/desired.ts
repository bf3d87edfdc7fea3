import type { Ipv4Address, Ipv6Address, Ipv6Prefix } from "@tombolo/base";

/** What the broker wants of this PoP, as it travels in the state stream and rests on disk. */
export interface DesiredState {
  readonly revision: number;
  readonly pop: DesiredPop;
  readonly tunnels: ReadonlyMap<string, DesiredTunnel>;
}

export interface DesiredPop {
  readonly name: string;
  readonly outerIpv4: Ipv4Address;
  /** Prefixes that are routed into the data plane. */
  readonly pools: readonly Ipv6Prefix[];
}

export interface DesiredTunnel {
  /** `T1001` */
  readonly id: string;
  readonly encapsulation: "6in4" | "heartbeat" | "ayiya" | "udp";
  readonly enabled: boolean;
  readonly popAddress: Ipv6Address;
  readonly clientAddress: Ipv6Address;
  readonly prefix: Ipv6Prefix;
  readonly delegations: readonly Ipv6Prefix[];
  readonly mtuBytes: number;
  readonly heartbeatSec: number;
  readonly secret: string;
  readonly staticEndpoint: Ipv4Address | undefined;
  /** As last reported, so that a PoP that starts anew can reach its clients before they speak. */
  readonly lastEndpoint: { readonly ipv4: Ipv4Address; readonly port: number } | undefined;
}
