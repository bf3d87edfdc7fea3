import type { Ipv4Address, Ipv6Address, Ipv6Prefix, WallSec } from "@tombolo/base";
import type { LatencyRound } from "./latency.ts";

/** `ABC1-TMB`: initials, number, the installation's suffix. */
export type Handle = string;
/** `nlams01`: country, city, sequence; at most 14 of [a-z0-9]. */
export type PopName = string;
export type TunnelId = `T${number}`;
export type DelegationId = `R${number}`;
export type PoolId = `P${number}`;

/** How a tunnel is reached just now; changing it never renumbers. */
export type Encapsulation = "6in4" | "heartbeat" | "ayiya" | "udp";
export type Switch = "enabled" | "disabled";
export type PoolPurpose = "tunnel" | "delegation";

export interface Account {
  readonly handle: Handle;
  readonly fullName: string;
  readonly email: string;
  readonly state: Switch;
  readonly createdAt: WallSec;
}

export interface Pop {
  readonly name: PopName;
  readonly city: string;
  readonly country: string;
  readonly outerIpv4: Ipv4Address;
  readonly state: "up" | "down";
  /** What users are told while it is down. */
  readonly stateMessage: string;
  readonly stateSince: WallSec;
  readonly createdAt: WallSec;
}

export interface Pool {
  readonly id: PoolId;
  readonly pop: PopName;
  readonly purpose: PoolPurpose;
  readonly prefix: Ipv6Prefix;
  /** The length of every prefix given out of it. */
  readonly lengthBits: number;
  readonly createdAt: WallSec;
}

export interface Delegation {
  readonly id: DelegationId;
  readonly tunnel: TunnelId;
  readonly prefix: Ipv6Prefix;
  readonly createdAt: WallSec;
}

/** The client's outer address as last proven at the PoP. */
export interface Endpoint {
  readonly ipv4: Ipv4Address;
  /** 0 for encapsulations without ports. */
  readonly port: number;
  readonly since: WallSec;
}

/** Free of secrets; those have reads of their own. */
export interface Tunnel {
  readonly id: TunnelId;
  readonly handle: Handle;
  readonly pop: PopName;
  readonly encapsulation: Encapsulation;
  readonly userState: Switch;
  readonly adminState: Switch;
  /** The prefix that holds both ends: /64, /127 or /128 as the pool gives. */
  readonly prefix: Ipv6Prefix;
  /** ::1, the PoP's end. */
  readonly popAddress: Ipv6Address;
  /** ::2, the client's end. */
  readonly clientAddress: Ipv6Address;
  readonly delegations: readonly Delegation[];
  /** 1280 to 1480. */
  readonly mtuBytes: number;
  readonly heartbeatSec: number;
  /** Set by the user for static 6in4. */
  readonly staticEndpoint: Ipv4Address | undefined;
  readonly endpoint: Endpoint | undefined;
  /** When the PoP last saw a valid packet from it. */
  readonly lastSeenAt: WallSec | undefined;
  readonly createdAt: WallSec;
}

export interface AccessKey {
  readonly id: number;
  readonly handle: Handle;
  /** Limits the key to one tunnel (`HANDLE/T1001`), when set. */
  readonly tunnel: TunnelId | undefined;
  readonly label: string;
  readonly createdAt: WallSec;
}

/** What a PoP must do for one tunnel; its `adminState` is "disabled" while its account is. */
export interface TunnelOrder {
  readonly tunnel: Tunnel;
  readonly secret: string;
}

/** What a PoP has seen; reported in batches. Of latency every round counts, of the other kinds the newest of its tunnel. */
export type Observation =
  | { readonly kind: "endpoint"; readonly tunnel: TunnelId; readonly ipv4: Ipv4Address; readonly port: number; readonly at: WallSec }
  | { readonly kind: "seen"; readonly tunnel: TunnelId; readonly at: WallSec }
  | ({ readonly kind: "latency" } & LatencyRound)
  | {
      readonly kind: "counters";
      readonly tunnel: TunnelId;
      readonly at: WallSec;
      readonly inPackets: number;
      readonly inBytes: number;
      readonly outPackets: number;
      readonly outBytes: number;
      readonly drops: number;
    };
