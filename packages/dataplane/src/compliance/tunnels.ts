import { addressAt, subprefixAt, type Ipv6Address } from "@tombolo/base";
import type { PlaneTunnel } from "../plane/plane.ts";
import { AyiyaEnd } from "./ayiya-end.ts";
import { island } from "./bench.ts";
import { prefix6 } from "./inner-packets.ts";

/** The inner addresses of tunnel `id` on a bench: the `id`-th /64 of the pool. */
export interface Ends {
  readonly pop: Ipv6Address;
  readonly client: Ipv6Address;
  /** A third address of the link, which is nobody's. */
  readonly nobody: Ipv6Address;
  /** A host in the site behind the client, 2001:db8:8000+id::/48. */
  readonly lan: Ipv6Address;
}

export function endsOf(id: number): Ends {
  const link = subprefixAt(island.pool, 64, BigInt(id));
  return { pop: addressAt(link, 1n), client: addressAt(link, 2n), nobody: addressAt(link, 0x77n), lan: addressAt(siteOf(id), 0x9n << 64n) };
}

export function benchTunnel(id: number, wish: Partial<PlaneTunnel> = {}): PlaneTunnel {
  const ends = endsOf(id);
  return {
    id,
    encapsulation: "ayiya",
    enabled: true,
    localAddress: ends.pop,
    remoteAddress: ends.client,
    prefixes: [subprefixAt(island.pool, 64, BigInt(id)), siteOf(id)],
    mtuBytes: 1280,
    secret: new TextEncoder().encode(secretOf(id)),
    endpoint: undefined,
    endpointFixed: false,
    beatSec: 0,
    ...wish,
  };
}

/** The far end of tunnel `id`. */
export function ayiyaEnd(id: number, nowSec: () => number): AyiyaEnd {
  return new AyiyaEnd({ secret: secretOf(id), identity: endsOf(id).client, nowSec });
}

function secretOf(id: number): string {
  return `secret of tunnel ${id}`;
}

/** Outside the pool, so that the benches' kernels take its traffic for the Internet's unless they have a route. */
function siteOf(id: number): PlaneTunnel["prefixes"][number] {
  return subprefixAt(prefix6("2001:db8:8000::/33"), 48, BigInt(id));
}
