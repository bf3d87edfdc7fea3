import { makeIpv4, makeIpv6, makePrefix, parsePrefix, type Ipv6Prefix } from "@tombolo/base";
import type { DesiredPop, DesiredTunnel } from "../src/state/desired.ts";

export function prefixOf(text: string): Ipv6Prefix {
  const prefix = parsePrefix(text);
  if (!prefix.ok) throw new Error(`not a prefix: ${text}`);
  return prefix.value;
}

export const testPop: DesiredPop = { name: "nlams01", outerIpv4: makeIpv4(0xc000_0201), pools: [prefixOf("2001:db8:1::/48")] };

/** Tunnel number `n`, with the n-th /64 of 2001:db8:1::/48. */
export function makeTestTunnel(n: number, changes: Partial<DesiredTunnel> = {}): DesiredTunnel {
  const base = (0x2001_0db8_0001n << 80n) + (BigInt(n) << 64n);
  return {
    id: `T${n}`,
    encapsulation: "ayiya",
    enabled: true,
    popAddress: makeIpv6(base + 1n),
    clientAddress: makeIpv6(base + 2n),
    prefix: makePrefix(makeIpv6(base), 64),
    delegations: [],
    mtuBytes: 1280,
    heartbeatSec: 60,
    secret: "0123456789abcdef0123456789abcdef",
    staticEndpoint: undefined,
    lastEndpoint: undefined,
    ...changes,
  };
}
