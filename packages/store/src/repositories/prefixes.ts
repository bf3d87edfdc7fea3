import { formatPrefix, subprefixAt, wallSec, type Ipv6Prefix } from "@tombolo/base";
import {
  makeDelegationId,
  makeTunnelId,
  numberOfId,
  prefixesAround,
  type Delegation,
  type PrefixRepository,
  type Taker,
} from "@tombolo/broker";
import type { Scope } from "./scope.ts";
import { readDelegation, readPrefix } from "./values.ts";

/** A row of `allocation` that was just written. */
interface Taken {
  readonly id: number;
  readonly prefix: Ipv6Prefix;
}

export function makePrefixRepository(scope: Scope): PrefixRepository {
  const { trx } = scope;
  return {
    async take(taker) {
      return (await take(scope, taker))?.prefix;
    },

    async delegate(taker): Promise<Delegation | undefined> {
      const taken = await take(scope, taker);
      if (taken === undefined) return undefined;
      const { id } = await trx.insertInto("delegation").values({ allocation_id: taken.id }).returning("id").executeTakeFirstOrThrow();
      return { id: makeDelegationId(id), tunnel: taker.tunnel, prefix: taken.prefix, createdAt: taker.at };
    },

    async giveBack({ tunnel, at, restSec }) {
      const held = await trx
        .selectFrom("allocation")
        .select(["id", "prefix", "given_at"])
        .where("tunnel_id", "=", numberOfId(tunnel))
        .where("returned_at", "is", null)
        .orderBy("id")
        .execute();
      for (const row of held) await rest(scope, row, { at, restSec });
      return held.map((row) => readPrefix(row.prefix));
    },

    async giveBackDelegation({ id, at, restSec }) {
      const held = await selectHeld(scope).where("delegation.id", "=", numberOfId(id)).executeTakeFirst();
      if (held === undefined) return undefined;
      await rest(scope, { id: held.allocation_id, given_at: held.given_at }, { at, restSec });
      return readPrefix(held.prefix);
    },

    async findDelegation(id) {
      const row = await selectHeld(scope).where("delegation.id", "=", numberOfId(id)).executeTakeFirst();
      return row && readDelegation(row);
    },

    async listDelegations({ handle, tunnel }) {
      const rows = await selectHeld(scope)
        .$if(handle !== undefined, (query) => query.where("allocation.handle", "=", handle ?? ""))
        .$if(tunnel !== undefined, (query) => query.where("allocation.tunnel_id", "=", tunnel === undefined ? 0 : numberOfId(tunnel)))
        .orderBy("delegation.id")
        .execute();
      return rows.map(readDelegation);
    },

    async findHolder(address, at) {
      const row = await trx
        .selectFrom("allocation")
        .select(["tunnel_id", "handle", "given_at", "returned_at"])
        .where("prefix", "in", prefixesAround(address).map(formatPrefix))
        .where("given_at", "<=", at)
        .where((where) => where.or([where("returned_at", "is", null), where("returned_at", ">=", at)]))
        .orderBy("given_at", "desc")
        .orderBy("id", "desc")
        .limit(1)
        .executeTakeFirst();
      return (
        row && {
          tunnel: makeTunnelId(row.tunnel_id),
          handle: row.handle,
          from: wallSec(row.given_at),
          until: row.returned_at === null ? undefined : wallSec(row.returned_at),
        }
      );
    },
  };
}

/** Ends a holding and begins its rest. */
async function rest(
  { trx }: Scope,
  row: { readonly id: number; readonly given_at: number },
  { at, restSec }: { readonly at: number; readonly restSec: number },
): Promise<void> {
  // A clock that was put back must not end a holding before it began.
  const returned = Math.max(at, row.given_at);
  const change = { returned_at: returned, reusable_at: returned + restSec };
  await trx.updateTable("allocation").set(change).where("id", "=", row.id).execute();
}

/** Delegations that are held. */
function selectHeld({ trx }: Scope) {
  return trx
    .selectFrom("delegation")
    .innerJoin("allocation", "allocation.id", "delegation.allocation_id")
    .select(["delegation.id", "delegation.allocation_id", "allocation.tunnel_id", "allocation.prefix", "allocation.given_at"])
    .where("allocation.returned_at", "is", null);
}

/**
 * Finds a position and writes its row. Who finds is not who decides: two who found the same meet in the constraint
 * (prefix, retired), and one of the two transactions ends.
 */
async function take(scope: Scope, taker: Taker): Promise<Taken | undefined> {
  const position = (await takeNew(scope, taker)) ?? (await takeRested(scope, taker));
  if (position === undefined) return undefined;
  const { pool } = taker;
  const prefix = subprefixAt(pool.prefix, pool.lengthBits, BigInt(position));
  const { id } = await scope.trx
    .insertInto("allocation")
    .values({
      pool_id: numberOfId(pool.id),
      position,
      prefix: formatPrefix(prefix),
      purpose: pool.purpose,
      tunnel_id: numberOfId(taker.tunnel),
      handle: taker.handle,
      given_at: taker.at,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { id, prefix };
}

async function takeNew({ trx }: Scope, { pool }: Taker): Promise<number | undefined> {
  const row = await trx
    .updateTable("pool")
    .set((column) => ({ next_position: column("next_position", "+", 1) }))
    .where("id", "=", numberOfId(pool.id))
    .whereRef("next_position", "<", "end_position")
    .returning((column) => column("next_position", "-", 1).as("position"))
    .executeTakeFirst();
  return row?.position;
}

async function takeRested({ trx }: Scope, { pool, at }: Taker): Promise<number | undefined> {
  const rested = await trx
    .selectFrom("allocation")
    .select(["id", "position"])
    .where("pool_id", "=", numberOfId(pool.id))
    .where("retired", "=", 0)
    .where("reusable_at", "<=", at)
    .orderBy("reusable_at")
    .orderBy("position")
    .limit(1)
    .executeTakeFirst();
  if (rested === undefined) return undefined;
  await trx.updateTable("allocation").set({ retired: rested.id }).where("id", "=", rested.id).where("retired", "=", 0).execute();
  return rested.position;
}
