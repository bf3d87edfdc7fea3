import { formatPrefix, overlapsPrefix, type Ipv6Prefix, type WallClock } from "@tombolo/base";
import type { Pools } from "../broker.ts";
import { capacityOf, isForbidden, isPoolPlan, lengthsOf, type PoolPlan } from "../domain/addressing.ts";
import { parsePoolId } from "../domain/ids.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import type { Pool, PoolId } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";
import type { Store } from "../ports/store.ts";
import { getPop, quote, raiseRevision } from "./refusals.ts";

export interface PoolsNeeds {
  readonly store: Store;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

export function makePools({ store, clock, settings }: PoolsNeeds): Pools {
  return {
    async add(wish) {
      refuseImpossible(wish);
      return store.write(async ({ pools, revisions, audit }) => {
        await raiseRevision(revisions, wish.pop, settings.changesKept);
        await pools.lockAll();
        await refuseOverlap(pools, wish.prefix);
        const at = clock.nowSec();
        const pool = await pools.insert({ ...wish, createdAt: at });
        const detail = `${pool.id} ${pool.purpose} ${formatPrefix(pool.prefix)} in /${pool.lengthBits}`;
        await audit.add({ at, event: "pool.added", pop: pool.pop, detail });
        return pool;
      });
    },

    list: (pop) =>
      store.read(async ({ pops, pools }) => {
        if (pop !== undefined) await getPop(pops, pop);
        return pools.list(pop);
      }),

    get: (id) =>
      store.read(async ({ pools }) => {
        const pool = await getPool(pools, id);
        const { used, resting } = await pools.count(id, clock.nowSec());
        return { ...pool, used, resting, free: capacityOf(pool) - BigInt(used) - BigInt(resting) };
      }),

    remove: (id) =>
      store.write(async ({ pools, revisions, audit }) => {
        const pool = await getPool(pools, id);
        await raiseRevision(revisions, pool.pop, settings.changesKept);
        await pools.lockAll();
        await getPool(pools, id);
        const at = clock.nowSec();
        const { used, resting } = await pools.count(id, at);
        if (used + resting > 0) {
          throw new BrokerError(
            "pool-in-use",
            `of pool ${id}, ${used} prefixes are held and ${resting} rest; it can go when there are none`,
          );
        }
        await pools.remove(id, at);
        await audit.add({ at, event: "pool.removed", pop: pool.pop, detail: `${id} ${pool.purpose} ${formatPrefix(pool.prefix)}` });
      }),
  };
}

async function getPool(pools: Repositories["pools"], id: PoolId): Promise<Pool> {
  const pool = parsePoolId(id).ok ? await pools.find(id) : undefined;
  if (pool === undefined) throw new BrokerError("pool-not-found", `there is no pool ${quote(id)}`);
  return pool;
}

function refuseImpossible(plan: PoolPlan): void {
  if (!isPoolPlan(plan)) {
    const lengths = lengthsOf(plan.purpose).map((bits) => `/${bits}`);
    const text = `a ${plan.purpose} pool gives prefixes of one length out of ${lengths.join(", ")}, and at least one must fit`;
    throw new BrokerError("pool-length", `${text}: /${plan.lengthBits} out of ${formatPrefix(plan.prefix)} does not do`);
  }
  if (isForbidden(plan.prefix)) {
    throw new BrokerError("pool-overlaps", `${formatPrefix(plan.prefix)} overlaps addresses that no tunnel may have`);
  }
}

async function refuseOverlap(pools: Repositories["pools"], prefix: Ipv6Prefix): Promise<void> {
  const other = (await pools.list()).find((pool) => overlapsPrefix(pool.prefix, prefix));
  if (other === undefined) return;
  const text = `${formatPrefix(prefix)} overlaps pool ${other.id} of ${other.pop}, ${formatPrefix(other.prefix)}`;
  throw new BrokerError("pool-overlaps", text);
}
