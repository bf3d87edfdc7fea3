import {
  addressAt,
  assert,
  countSubprefixes,
  makeIpv6,
  makePrefix,
  overlapsPrefix,
  type Ipv6Address,
  type Ipv6Prefix,
} from "@tombolo/base";
import type { PoolPurpose } from "./types.ts";

/** What a pool gives out, as far as addressing goes. */
export interface PoolPlan {
  readonly purpose: PoolPurpose;
  readonly prefix: Ipv6Prefix;
  /** The length of every prefix given out of it. */
  readonly lengthBits: number;
}

export interface TunnelEnds {
  readonly popAddress: Ipv6Address;
  readonly clientAddress: Ipv6Address;
}

const lengthsBits: Readonly<Record<PoolPurpose, readonly number[]>> = {
  tunnel: [64, 127, 128],
  delegation: [48, 56, 60, 64],
};

/** Where no tunnel may be: unspecified, loopback and mapped (::/8), link-local, the former site-local, and multicast. */
const forbidden: readonly Ipv6Prefix[] = [
  makePrefix(makeIpv6(0n), 8),
  makePrefix(makeIpv6(0xfe80n << 112n), 9),
  makePrefix(makeIpv6(0xff00n << 112n), 8),
];

/** The lengths, in bits, that a pool of this purpose may give. */
export function lengthsOf(purpose: PoolPurpose): readonly number[] {
  return lengthsBits[purpose];
}

export function isForbidden(prefix: Ipv6Prefix): boolean {
  return forbidden.some((range) => overlapsPrefix(range, prefix));
}

/**
 * The first position that may be given; positions count prefixes of `lengthBits` from the pool's start.
 * - Of /128s the first address is the PoP's end of every tunnel in the pool.
 * - Of /127s the first pair of a wider pool is left alone: ::0 is the subnet-router anycast address of an on-link
 *   prefix (RFC 4291 section 2.6.1, RFC 6164 section 5.2) and ::1 is mostly the server's own, so pairs start at ::2 and ::3.
 */
export function firstPosition(plan: PoolPlan): bigint {
  if (plan.lengthBits === 128) return 1n;
  return plan.lengthBits === 127 && plan.prefix.lengthBits < 127 ? 1n : 0n;
}

/** How many prefixes the pool can give in all. */
export function capacityOf(plan: PoolPlan): bigint {
  return countSubprefixes(plan.prefix, plan.lengthBits) - firstPosition(plan);
}

/** A pool of this plan is possible: its length is one of the purpose's and at least one prefix fits. */
export function isPoolPlan(plan: PoolPlan): boolean {
  return lengthsOf(plan.purpose).includes(plan.lengthBits) && plan.prefix.lengthBits <= plan.lengthBits && capacityOf(plan) > 0n;
}

/**
 * The two inner addresses of a tunnel that holds `prefix` out of `pool`: ::1 and ::2 of a /64, both of a /127
 * (RFC 6164), and of a /128 the pool's first address beside the tunnel's own.
 */
export function tunnelEnds(pool: Ipv6Prefix, prefix: Ipv6Prefix): TunnelEnds {
  switch (prefix.lengthBits) {
    case 64:
      return { popAddress: addressAt(prefix, 1n), clientAddress: addressAt(prefix, 2n) };
    case 127:
      return { popAddress: addressAt(prefix, 0n), clientAddress: addressAt(prefix, 1n) };
    default:
      assert(prefix.lengthBits === 128, "a tunnel's prefix is a /64, a /127 or a /128");
      return { popAddress: addressAt(pool, 0n), clientAddress: prefix.address };
  }
}

/** Every prefix that may have been given and holds `address`, one for each length there is. */
export function prefixesAround(address: Ipv6Address): readonly Ipv6Prefix[] {
  return [48, 56, 60, 64, 127, 128].map((lengthBits) => makePrefix(address, lengthBits));
}
