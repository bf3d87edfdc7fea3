import { equalBytes, equalIpv6, type Ipv4Address, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";

/** A tunnel as the broker granted it and as this client can carry it: every field checked. */
export interface TunnelGrant {
  /** 1 to 2^31 - 1: the number in `T1001`. */
  readonly id: number;
  readonly pop: string;
  readonly popIpv4: Ipv4Address;
  /** ::1 */
  readonly popAddress: Ipv6Address;
  /** ::2 */
  readonly clientAddress: Ipv6Address;
  readonly prefixLengthBits: number;
  /** 1280 to 1428: what fits through 1500 bytes with AYIYA's 72 around it. */
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
    a.pop === b.pop &&
    a.popIpv4.value === b.popIpv4.value &&
    equalIpv6(a.popAddress, b.popAddress) &&
    equalIpv6(a.clientAddress, b.clientAddress) &&
    a.prefixLengthBits === b.prefixLengthBits &&
    a.mtuBytes === b.mtuBytes &&
    a.beatSec === b.beatSec &&
    equalBytes(a.secret, b.secret)
  );
}
