import { addressAt, makeIpv6, makePrefix, subprefixAt, type Ipv4Address, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";
import type { PlaneEndpoint, PlaneTunnel } from "@tombolo/dataplane";

/** The two ends of a data plane pair are told the same few numbers and work out the same tunnels from them. */
export interface PlaneEndArguments {
  readonly role: "pop" | "client";
  readonly device: string;
  readonly outerIpv4: string;
  /** The PoP's UDP port. */
  readonly port: number;
  readonly popIpv4: string;
  /** How many tunnels the PoP holds. */
  readonly tunnels: number;
  /** Keeps the prefixes of two pairs in one lab apart: 0 to 15. */
  readonly slot: number;
}

const mtuBytes = 1280;

/** The tunnel that carries the traffic: one in the middle of the table. */
export function chosenTunnel(count: number): number {
  return count >> 1;
}

/** `2001:db8:S000::/36`, room for 268 million /64s. */
export function poolOf(slot: number): Ipv6Prefix {
  return makePrefix(makeIpv6((0x2001_0db8n << 96n) | (BigInt(slot + 1) << 92n)), 36);
}

export function tunnelEnds(
  slot: number,
  index: number,
): { readonly prefix: Ipv6Prefix; readonly pop: Ipv6Address; readonly client: Ipv6Address } {
  const prefix = subprefixAt(poolOf(slot), 64, BigInt(index));
  return { prefix, pop: addressAt(prefix, 1n), client: addressAt(prefix, 2n) };
}

export function makePopTunnel(slot: number, index: number): PlaneTunnel {
  const { prefix, pop, client } = tunnelEnds(slot, index);
  return {
    ...shared(index),
    localAddress: pop,
    remoteAddress: client,
    prefixes: [prefix],
    // Learned from the first beat, as it is in the field.
    endpoint: undefined,
    endpointFixed: false,
    beatSec: 0,
  };
}

export function makeClientTunnel(slot: number, index: number, popIpv4: Ipv4Address, port: number): PlaneTunnel {
  const { pop, client } = tunnelEnds(slot, index);
  const endpoint: PlaneEndpoint = { ipv4: popIpv4, port };
  return {
    ...shared(index),
    localAddress: client,
    remoteAddress: pop,
    prefixes: [makePrefix(makeIpv6(0n), 0)],
    endpoint,
    endpointFixed: true,
    beatSec: 60,
  };
}

/** As a user has it who asked for a prefix: the link, and a /64 out of another pool for the hosts behind it. */
export function makeDelegatedTunnel(index: number): PlaneTunnel {
  const tunnel = makePopTunnel(0, index);
  return { ...tunnel, prefixes: [...tunnel.prefixes, subprefixAt(poolOf(1), 64, BigInt(index))] };
}

function shared(index: number): Pick<PlaneTunnel, "id" | "encapsulation" | "enabled" | "mtuBytes" | "secret"> {
  const secret = new TextEncoder().encode(`bench-secret-of-tunnel-${index}`);
  return { id: index + 1, encapsulation: "ayiya", enabled: true, mtuBytes, secret };
}
