import { formatPrefix, type Ipv6Prefix, type WallSec } from "@tombolo/base";
import { tunnelEnds, type TunnelEnds } from "../domain/addressing.ts";
import type { Delegation, Handle, Pool, PopName, TunnelId } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";

export interface Recipient {
  readonly pop: PopName;
  readonly tunnel: TunnelId;
  readonly handle: Handle;
  readonly at: WallSec;
}

/** What every tunnel gets so that a LAN can be numbered at once. */
const defaultDelegationBits = 64;

export interface Given extends TunnelEnds {
  readonly prefix: Ipv6Prefix;
  readonly delegations: readonly Delegation[];
}

/**
 * A tunnel's own prefix out of the PoP's tunnel pools, the oldest pool first, and a /64 for its network where the PoP
 * has pools of those. The PoP's revision was raised before, so no other tunnel of this PoP is served meanwhile.
 */
export async function givePrefixes({ pools, prefixes, audit }: Repositories, recipient: Recipient): Promise<Given> {
  const { pop, tunnel, handle, at } = recipient;
  const all = await pools.list(pop);
  const own = all.filter((pool) => pool.purpose === "tunnel");
  const delegated = all.filter((pool) => pool.purpose === "delegation" && pool.lengthBits === defaultDelegationBits);
  if (own.length === 0) throw new BrokerError("pool-not-found", `PoP ${pop} has no pool for tunnels yet`);

  const given = await first(own, async (pool) => {
    const prefix = await prefixes.take({ pool, tunnel, handle, at });
    return prefix && { prefix, ...tunnelEnds(pool.prefix, prefix) };
  });
  if (given === undefined) throw exhausted(pop, "tunnels");
  await audit.add({ at, event: "prefix.given", handle, pop, tunnel, detail: formatPrefix(given.prefix) });
  if (delegated.length === 0) return { ...given, delegations: [] };

  return { ...given, delegations: [await delegate({ prefixes, audit }, delegated, recipient)] };
}

/** A delegation of `lengthBits` out of the PoP's pools of that length. The PoP's revision was raised before. */
export async function giveDelegation(repositories: Repositories, recipient: Recipient, lengthBits: number): Promise<Delegation> {
  const { pop } = recipient;
  const fitting = (await repositories.pools.list(pop)).filter((pool) => pool.purpose === "delegation" && pool.lengthBits === lengthBits);
  if (fitting.length === 0) throw noSuchLength(pop, lengthBits);
  return delegate(repositories, fitting, recipient);
}

export function noSuchLength(pop: PopName, lengthBits: number): BrokerError {
  return new BrokerError("delegation-length", `PoP ${pop} has no pool that gives a /${lengthBits}`);
}

async function delegate(
  { prefixes, audit }: Pick<Repositories, "prefixes" | "audit">,
  pools: readonly Pool[],
  { pop, tunnel, handle, at }: Recipient,
): Promise<Delegation> {
  const delegation = await first(pools, (pool) => prefixes.delegate({ pool, tunnel, handle, at }));
  if (delegation === undefined) throw exhausted(pop, "delegations");
  const detail = `${formatPrefix(delegation.prefix)} as ${delegation.id}`;
  await audit.add({ at, event: "prefix.given", handle, pop, tunnel, detail });
  return delegation;
}

async function first<T>(pools: readonly Pool[], take: (pool: Pool) => Promise<T | undefined>): Promise<T | undefined> {
  for (const pool of pools) {
    const taken = await take(pool);
    if (taken !== undefined) return taken;
  }
  return undefined;
}

function exhausted(pop: PopName, what: string): BrokerError {
  return new BrokerError("pool-exhausted", `PoP ${pop} has no free prefix for ${what}; add a pool or wait until resting ones are free`);
}
