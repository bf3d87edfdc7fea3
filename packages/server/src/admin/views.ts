import { formatIpv4, formatIpv6, formatPrefix, type WallSec } from "@tombolo/base";
import type { AccessKey, Account, Delegation, Pool, Pop, Tunnel } from "@tombolo/broker";

/* What `--json` prints: plain values, addresses and times as text. Field names stay once given. */

export interface AccountView {
  readonly handle: string;
  readonly name: string;
  readonly email: string;
  readonly state: string;
  readonly created: string;
}

export function viewAccount(account: Account): AccountView {
  const { handle, fullName, email, state, createdAt } = account;
  return { handle, name: fullName, email, state, created: formatMoment(createdAt) };
}

export interface KeyView {
  readonly id: number;
  readonly tunnel: string | null;
  readonly label: string;
  readonly created: string;
}

export function viewKey(key: AccessKey): KeyView {
  return { id: key.id, tunnel: key.tunnel ?? null, label: key.label, created: formatMoment(key.createdAt) };
}

export interface PopView {
  readonly name: string;
  readonly city: string;
  readonly country: string;
  readonly ipv4: string;
  readonly state: string;
  readonly message: string;
  readonly since: string;
  readonly created: string;
}

export function viewPop(pop: Pop): PopView {
  return {
    name: pop.name,
    city: pop.city,
    country: pop.country,
    ipv4: formatIpv4(pop.outerIpv4),
    state: pop.state,
    message: pop.stateMessage,
    since: formatMoment(pop.stateSince),
    created: formatMoment(pop.createdAt),
  };
}

export interface PoolView {
  readonly id: string;
  readonly pop: string;
  readonly purpose: string;
  readonly prefix: string;
  readonly length: number;
  readonly created: string;
}

export function viewPool(pool: Pool): PoolView {
  const { id, pop, purpose, prefix, lengthBits, createdAt } = pool;
  return { id, pop, purpose, prefix: formatPrefix(prefix), length: lengthBits, created: formatMoment(createdAt) };
}

export interface DelegationView {
  readonly id: string;
  readonly tunnel: string;
  readonly prefix: string;
  readonly created: string;
}

export function viewDelegation({ id, tunnel, prefix, createdAt }: Delegation): DelegationView {
  return { id, tunnel, prefix: formatPrefix(prefix), created: formatMoment(createdAt) };
}

export interface TunnelView {
  readonly id: string;
  readonly account: string;
  readonly pop: string;
  readonly type: string;
  readonly userState: string;
  readonly adminState: string;
  readonly prefix: string;
  readonly popAddress: string;
  readonly clientAddress: string;
  readonly delegations: readonly { readonly id: string; readonly prefix: string }[];
  readonly mtu: number;
  readonly heartbeatSec: number;
  /** The configured one of a static tunnel. */
  readonly staticEndpoint: string | null;
  /** The last one proven at the PoP, `192.0.2.1:5072`. */
  readonly endpoint: string | null;
  readonly endpointSince: string | null;
  readonly lastSeen: string | null;
  readonly created: string;
}

export function viewTunnel(tunnel: Tunnel): TunnelView {
  const { endpoint } = tunnel;
  return {
    id: tunnel.id,
    account: tunnel.handle,
    pop: tunnel.pop,
    type: tunnel.encapsulation,
    userState: tunnel.userState,
    adminState: tunnel.adminState,
    prefix: formatPrefix(tunnel.prefix),
    popAddress: formatIpv6(tunnel.popAddress),
    clientAddress: formatIpv6(tunnel.clientAddress),
    delegations: tunnel.delegations.map(({ id, prefix }) => ({ id, prefix: formatPrefix(prefix) })),
    mtu: tunnel.mtuBytes,
    heartbeatSec: tunnel.heartbeatSec,
    staticEndpoint: tunnel.staticEndpoint ? formatIpv4(tunnel.staticEndpoint) : null,
    endpoint: endpoint ? `${formatIpv4(endpoint.ipv4)}${endpoint.port === 0 ? "" : `:${endpoint.port}`}` : null,
    endpointSince: endpoint ? formatMoment(endpoint.since) : null,
    lastSeen: tunnel.lastSeenAt === undefined ? null : formatMoment(tunnel.lastSeenAt),
    created: formatMoment(tunnel.createdAt),
  };
}

/** `2026-11-21T07:00:00Z` */
export function formatMoment(at: WallSec): string {
  return new Date(at * 1000).toISOString().replace(".000Z", "Z");
}
