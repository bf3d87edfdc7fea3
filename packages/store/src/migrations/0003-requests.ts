import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { EngineName } from "../engines/engine.ts";
import { int64, neverChanges, numbered, startAt1001, table, type Target } from "./build.ts";

/** What users ask for, and what owners are to be told. */
export function makeRequestsAndEvents(engine: EngineName): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await makeRequests({ db, engine });
      await makeEvents({ db, engine });
    },
  };
}

async function makeRequests(target: Target): Promise<void> {
  const { db, engine } = target;
  await table(target, "request")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("handle", "text", (column) => column.notNull().references("account.handle"))
    .addColumn("kind", "text", (column) => column.notNull().check(sql`kind in ('tunnel', 'delegation')`))
    .addColumn("pop", "text", (column) => column.references("pop.name"))
    .addColumn("encapsulation", "text")
    .addColumn("static_endpoint", "text")
    .addColumn("mtu_bytes", "integer")
    // No references to what may go: a request outlives what came of it.
    .addColumn("for_tunnel_id", int64(engine))
    .addColumn("length_bits", "integer")
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull().check(sql`state in ('requested', 'approved', 'rejected')`))
    .addColumn("created_at", int64(engine), (column) => column.notNull())
    .addColumn("decided_at", int64(engine))
    .addColumn("decided_by", "text")
    .addColumn("decision_reason", "text", (column) => column.notNull().defaultTo(""))
    .addColumn("tunnel_id", int64(engine))
    .addColumn("delegation_id", int64(engine))
    .addCheckConstraint(
      "request_is_whole",
      sql`(kind = 'tunnel' and pop is not null and encapsulation is not null and mtu_bytes is not null)
        or (kind = 'delegation' and for_tunnel_id is not null and length_bits is not null)`,
    )
    .addCheckConstraint("request_decided_or_not", sql`(state = 'requested') = (decided_at is null)`)
    .execute();
  await startAt1001(target, "request");
  await db.schema.createIndex("request_by_handle").on("request").columns(["handle", "id"]).execute();
  await db.schema.createIndex("request_by_state").on("request").columns(["state", "id"]).execute();
}

async function makeEvents(target: Target): Promise<void> {
  const { db, engine } = target;
  await table(target, "event")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("at", int64(engine), (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("handle", "text", (column) => column.notNull())
    .addColumn("pop", "text")
    .addColumn("tunnel_id", int64(engine))
    .addColumn("request_id", int64(engine))
    .addColumn("detail", "text", (column) => column.notNull())
    .execute();
  await neverChanges(target, "event");
  await db.schema.createIndex("event_by_handle").on("event").columns(["handle", "id"]).execute();
}
