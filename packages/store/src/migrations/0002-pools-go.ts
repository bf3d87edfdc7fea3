import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { EngineName } from "../engines/engine.ts";
import { int64, numbered, table, type Target } from "./build.ts";

/**
 * A pool may go, and its prefix may come back as another pool. Its row stays, because the history of its prefixes
 * refers to it; so the prefix is unique among the pools that are there.
 */
export function makePoolsGo(engine: EngineName): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await (engine === "sqlite" ? rebuildPool({ db, engine }) : alterPool(db));
      await db.schema
        .createIndex("pool_prefix_once")
        .unique()
        .on("pool")
        .column("prefix")
        .where(sql<boolean>`removed_at is null`)
        .execute();
    },
  };
}

async function alterPool(db: Kysely<unknown>): Promise<void> {
  await sql`alter table pool drop constraint pool_prefix_key, add column removed_at bigint`.execute(db);
}

/** SQLite can't drop a constraint: the table is made anew, and references to it are checked at the commit. */
async function rebuildPool(target: Target): Promise<void> {
  const { db, engine } = target;
  await sql`pragma defer_foreign_keys = on`.execute(db);
  await sql`create temporary table pool_before as select * from pool`.execute(db);
  const { rows } = await sql<{ seq: number }>`select seq from sqlite_sequence where name = 'pool'`.execute(db);
  await sql`drop table pool`.execute(db);
  await table(target, "pool")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("pop", "text", (column) => column.notNull().references("pop.name"))
    .addColumn("purpose", "text", (column) => column.notNull().check(sql`purpose in ('tunnel', 'delegation')`))
    .addColumn("prefix", "text", (column) => column.notNull())
    .addColumn("length_bits", "integer", (column) => column.notNull())
    .addColumn("next_position", int64(engine), (column) => column.notNull())
    .addColumn("end_position", int64(engine), (column) => column.notNull())
    .addColumn("created_at", int64(engine), (column) => column.notNull())
    .addColumn("removed_at", int64(engine))
    .addCheckConstraint("pool_positions", sql`next_position <= end_position`)
    .execute();
  await sql`insert into pool select *, null from pool_before`.execute(db);
  await sql`drop table pool_before`.execute(db);
  await db.schema.createIndex("pool_by_pop").on("pool").column("pop").execute();
  // Numbers are never given twice, and the table's count went with it.
  for (const { seq } of rows) {
    await sql`delete from sqlite_sequence where name = 'pool'`.execute(db);
    await sql`insert into sqlite_sequence (name, seq) values ('pool', ${seq})`.execute(db);
  }
}
