import { formatPrefix, wallSec } from "@tombolo/base";
import { capacityOf, firstPosition, makePoolId, numberOfId, type Pool, type PoolRepository } from "@tombolo/broker";
import { sql, type Selectable } from "kysely";
import type { PoolTable } from "../schema.ts";
import { locksRows, type Scope } from "./scope.ts";
import { readPrefix } from "./values.ts";

const shown = ["id", "pop", "purpose", "prefix", "length_bits", "created_at"] as const;

/** Any number that no other program locks in this database; "tmb" and "pool". */
const poolsLock = 0x746d62_0001;

/** Positions beyond what a number holds exactly are never reached: that many rows fit nowhere. */
const mostPositions = BigInt(Number.MAX_SAFE_INTEGER);

export function makePoolRepository(scope: Scope): PoolRepository {
  const { trx } = scope;
  return {
    async lockAll() {
      if (locksRows(scope)) await sql`select pg_advisory_xact_lock(${poolsLock}::bigint)`.execute(trx);
    },

    async insert(draft) {
      const first = firstPosition(draft);
      const end = first + capacityOf(draft);
      const row = await trx
        .insertInto("pool")
        .values({
          pop: draft.pop,
          purpose: draft.purpose,
          prefix: formatPrefix(draft.prefix),
          length_bits: draft.lengthBits,
          next_position: Number(first),
          end_position: Number(end < mostPositions ? end : mostPositions),
          created_at: draft.createdAt,
        })
        .returning(shown)
        .executeTakeFirstOrThrow();
      return readPool(row);
    },

    async find(id) {
      const row = await trx
        .selectFrom("pool")
        .select(shown)
        .where("id", "=", numberOfId(id))
        .where("removed_at", "is", null)
        .executeTakeFirst();
      return row && readPool(row);
    },

    async list(pop) {
      const query = trx.selectFrom("pool").select(shown).where("removed_at", "is", null).orderBy("id");
      return (await (pop === undefined ? query : query.where("pop", "=", pop)).execute()).map(readPool);
    },

    async remove(id, at) {
      const number = numberOfId(id);
      await trx.updateTable("pool").set({ removed_at: at }).where("id", "=", number).execute();
      // What rested is history now: another pool may give the same prefixes.
      await trx
        .updateTable("allocation")
        .set((column) => ({ retired: column.ref("id") }))
        .where("pool_id", "=", number)
        .where("retired", "=", 0)
        .execute();
    },

    async count(id, now) {
      const { used, resting } = await trx
        .selectFrom("allocation")
        .select(({ fn }) => [
          fn.countAll<number>().filterWhere("returned_at", "is", null).as("used"),
          fn.countAll<number>().filterWhere("reusable_at", ">", now).as("resting"),
        ])
        .where("pool_id", "=", numberOfId(id))
        .where("retired", "=", 0)
        .executeTakeFirstOrThrow();
      return { used, resting };
    },
  };
}

function readPool(row: Pick<Selectable<PoolTable>, (typeof shown)[number]>): Pool {
  return {
    id: makePoolId(row.id),
    pop: row.pop,
    purpose: row.purpose,
    prefix: readPrefix(row.prefix),
    lengthBits: row.length_bits,
    createdAt: wallSec(row.created_at),
  };
}
