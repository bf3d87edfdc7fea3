import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { EngineName } from "../engines/engine.ts";
import { int64, table } from "./build.ts";

/** The history of latency: one row a tunnel and step that had rounds. */
export function makeLatencyHistory(engine: EngineName): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await table({ db, engine }, "latency")
        .addColumn("tunnel_id", int64(engine), (column) => column.notNull().references("tunnel.id").onDelete("cascade"))
        .addColumn("step", "integer", (column) => column.notNull())
        .addColumn("at", int64(engine), (column) => column.notNull())
        .addColumn("last_at", int64(engine), (column) => column.notNull())
        .addColumn("sent", int64(engine), (column) => column.notNull())
        .addColumn("received", int64(engine), (column) => column.notNull())
        .addColumn("min_us", int64(engine))
        .addColumn("max_us", int64(engine))
        .addColumn("sum_us", int64(engine), (column) => column.notNull())
        .addColumn("fresh", "integer", (column) => column.notNull())
        .addPrimaryKeyConstraint("latency_key", ["tunnel_id", "step", "at"])
        .addCheckConstraint(
          "latency_received",
          sql`received <= sent and (received = 0) = (min_us is null) and (received = 0) = (max_us is null)`,
        )
        .execute();
      await db.schema.createIndex("latency_by_age").on("latency").columns(["step", "fresh", "at"]).execute();
    },
  };
}
