import { assert, formatIpv4, parseIpv4, parsePrefix, wallSec, type Ipv4Address, type Ipv6Prefix, type WallSec } from "@tombolo/base";
import { makeDelegationId, makeTunnelId, type Delegation } from "@tombolo/broker";

/* What the database holds was written by this package, so what can't be read is our own bug and loud. */

export function readIpv4(text: string): Ipv4Address {
  const address = parseIpv4(text);
  assert(address.ok, "the store holds IPv4 addresses as text");
  return address.value;
}

export function readPrefix(text: string): Ipv6Prefix {
  const prefix = parsePrefix(text);
  assert(prefix.ok, "the store holds prefixes as text");
  return prefix.value;
}

export function readOptionalIpv4(text: string | null): Ipv4Address | undefined {
  return text === null ? undefined : readIpv4(text);
}

export function writeOptionalIpv4(address: Ipv4Address | undefined): string | null {
  return address === undefined ? null : formatIpv4(address);
}

export function readOptionalTime(value: number | null): WallSec | undefined {
  return value === null ? undefined : wallSec(value);
}

export function readDelegation(row: {
  readonly id: number;
  readonly tunnel_id: number;
  readonly prefix: string;
  readonly given_at: number;
}): Delegation {
  return {
    id: makeDelegationId(row.id),
    tunnel: makeTunnelId(row.tunnel_id),
    prefix: readPrefix(row.prefix),
    createdAt: wallSec(row.given_at),
  };
}
