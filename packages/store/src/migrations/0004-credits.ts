import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { EngineName } from "../engines/engine.ts";
import { int64, neverChanges, numbered, table } from "./build.ts";

/** The ledger of credits. That a period is credited once is a constraint, whatever the code believes. */
export function makeCreditLedger(engine: EngineName): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await table({ db, engine }, "credit")
        .addColumn("id", int64(engine), numbered(engine))
        .addColumn("at", int64(engine), (column) => column.notNull())
        .addColumn("handle", "text", (column) => column.notNull().references("account.handle"))
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("amount", int64(engine), (column) => column.notNull().check(sql`amount <> 0`))
        // No reference: the ledger outlives the tunnel.
        .addColumn("tunnel_id", int64(engine))
        .addColumn("request_id", int64(engine))
        .addColumn("period", int64(engine))
        .addColumn("note", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex("credit_period_once")
        .unique()
        .on("credit")
        .columns(["tunnel_id", "kind", "period"])
        .where(sql<boolean>`period is not null`)
        .execute();
      await db.schema
        .createIndex("credit_signup_once")
        .unique()
        .on("credit")
        .column("handle")
        .where(sql<boolean>`kind = 'signup'`)
        .execute();
      await db.schema.createIndex("credit_by_handle").on("credit").columns(["handle", "id"]).execute();
      await neverChanges({ db, engine }, "credit");
    },
  };
}
