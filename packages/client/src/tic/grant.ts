import { equalBytes, equalIpv6, formatIpv4, formatPrefix, type Ipv4Address, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";
import type { TicIpv4Endpoint, TicTunnelType } from "@tombolo/protocols";

/** A tunnel as the broker granted it and as this client can carry it: every field checked. */
export interface TunnelGrant {
  /** 1 to 2^31 - 1: the number in `T1001`. */
  readonly id: number;
  readonly type: TicTunnelType;
  readonly pop: string;
  readonly popIpv4: Ipv4Address;
  /** ::1 */
  readonly popAddress: Ipv6Address;
  /** ::2 */
  readonly clientAddress: Ipv6Address;
  readonly prefixLengthBits: number;
  /** What the broker expects our packets from; an address for static tunnels only. */
  readonly ipv4Endpoint: TicIpv4Endpoint;
  /** 1280 to 1480; with AYIYA at most 1428. */
  readonly mtuBytes: number;
  readonly beatSec: number;
  /** ASCII bytes of the tunnel's shared secret. */
  readonly secret: Uint8Array;
  /** Prefixes routed to this tunnel for the hosts behind it; empty when the server does not tell. */
  readonly delegations: readonly Ipv6Prefix[];
}

/** AYIYA's port at every PoP (sheet, section 1). */
export const ayiyaPort = 5072;

export function equalGrants(a: TunnelGrant, b: TunnelGrant): boolean {
  return (
    a.id === b.id &&
    a.type === b.type &&
    a.pop === b.pop &&
    a.popIpv4.value === b.popIpv4.value &&
    equalIpv6(a.popAddress, b.popAddress) &&
    equalIpv6(a.clientAddress, b.clientAddress) &&
    a.prefixLengthBits === b.prefixLengthBits &&
    a.mtuBytes === b.mtuBytes &&
    a.beatSec === b.beatSec &&
    a.delegations.map(formatPrefix).join() === b.delegations.map(formatPrefix).join() &&
    formatTicEndpoint(a.ipv4Endpoint) === formatTicEndpoint(b.ipv4Endpoint) &&
    equalBytes(a.secret, b.secret)
  );
}

/** How a tunnel's packets travel: `UDP 192.0.2.1:5072`, or `protocol 41 to 192.0.2.1`. */
export function formatWay(grant: Pick<TunnelGrant, "type" | "popIpv4">): string {
  return grant.type === "ayiya" ? `UDP ${formatPopEndpoint(grant)}` : `protocol 41 to ${formatPopEndpoint(grant)}`;
}

/** Protocol 41 has no ports. */
export function formatPopEndpoint(grant: Pick<TunnelGrant, "type" | "popIpv4">): string {
  const address = formatIpv4(grant.popIpv4);
  return grant.type === "ayiya" ? `${address}:${ayiyaPort}` : address;
}

export function formatTicEndpoint(endpoint: TicIpv4Endpoint): string {
  return typeof endpoint === "string" ? endpoint : formatIpv4(endpoint);
}
