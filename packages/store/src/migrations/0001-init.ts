import { sql, type ColumnDefinitionBuilder, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { EngineName } from "../engines/engine.ts";
import { int64, neverChanges, numbered, startAt1001, table, type Target } from "./build.ts";

/** Names in this file are frozen; what comes later has a migration of its own. */
export function makeInit(engine: EngineName): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await makePeople({ db, engine });
      await makePops({ db, engine });
      await makeTunnels({ db, engine });
      await makePrefixes({ db, engine });
      await makeObservations({ db, engine });
      await makeAudit({ db, engine });
    },
  };
}

const isSwitch = (column: string): ReturnType<typeof sql<boolean>> => sql<boolean>`${sql.ref(column)} in ('enabled', 'disabled')`;

async function makePeople(target: Target): Promise<void> {
  await table(target, "account")
    .addColumn("handle", "text", (column) => column.primaryKey().notNull())
    .addColumn("full_name", "text", (column) => column.notNull())
    .addColumn("email", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull().check(isSwitch("state")))
    .addColumn("created_at", int64(target.engine), (column) => column.notNull())
    .execute();
}

async function makePops(target: Target): Promise<void> {
  const { db, engine } = target;
  await table(target, "pop")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("city", "text", (column) => column.notNull())
    .addColumn("country", "text", (column) => column.notNull())
    .addColumn("outer_ipv4", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull().check(sql`state in ('up', 'down')`))
    .addColumn("state_message", "text", (column) => column.notNull())
    .addColumn("state_since", int64(engine), (column) => column.notNull())
    .addColumn("token_digest", "text", (column) => column.notNull().unique())
    .addColumn("revision", int64(engine), (column) => column.notNull().defaultTo(0))
    .addColumn("forgotten", int64(engine), (column) => column.notNull().defaultTo(0))
    .addColumn("created_at", int64(engine), (column) => column.notNull())
    .execute();
  await table(target, "pop_change")
    .addColumn("pop", "text", (column) => column.notNull().references("pop.name"))
    .addColumn("revision", int64(engine), (column) => column.notNull())
    .addColumn("tunnel_id", int64(engine), (column) => column.notNull())
    .addPrimaryKeyConstraint("pop_change_key", ["pop", "revision", "tunnel_id"])
    .execute();
  await table(target, "pool")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("pop", "text", (column) => column.notNull().references("pop.name"))
    .addColumn("purpose", "text", (column) => column.notNull().check(sql`purpose in ('tunnel', 'delegation')`))
    .addColumn("prefix", "text", (column) => column.notNull().unique())
    .addColumn("length_bits", "integer", (column) => column.notNull())
    .addColumn("next_position", int64(engine), (column) => column.notNull())
    .addColumn("end_position", int64(engine), (column) => column.notNull())
    .addColumn("created_at", int64(engine), (column) => column.notNull())
    .addCheckConstraint("pool_positions", sql`next_position <= end_position`)
    .execute();
  await db.schema.createIndex("pool_by_pop").on("pool").column("pop").execute();
}

async function makeTunnels(target: Target): Promise<void> {
  const { db, engine } = target;
  await table(target, "tunnel")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("handle", "text", (column) => column.notNull().references("account.handle"))
    .addColumn("pop", "text", (column) => column.notNull().references("pop.name"))
    .addColumn("encapsulation", "text", (column) => column.notNull())
    .addColumn("user_state", "text", (column) => column.notNull().defaultTo("enabled").check(isSwitch("user_state")))
    .addColumn("admin_state", "text", (column) => column.notNull().defaultTo("enabled").check(isSwitch("admin_state")))
    .addColumn("mtu_bytes", "integer", (column) => column.notNull())
    .addColumn("heartbeat_sec", "integer", (column) => column.notNull())
    .addColumn("static_endpoint", "text")
    .addColumn("sealed_secret", "text", (column) => column.notNull())
    .addColumn("created_at", int64(engine), (column) => column.notNull())
    .execute();
  await startAt1001(target, "tunnel");
  await db.schema.createIndex("tunnel_by_handle").on("tunnel").column("handle").execute();
  await db.schema.createIndex("tunnel_by_pop").on("tunnel").column("pop").execute();
  await table(target, "access_key")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("handle", "text", (column) => column.notNull().references("account.handle"))
    .addColumn("tunnel_id", int64(engine), (column) => column.references("tunnel.id").onDelete("cascade"))
    .addColumn("label", "text", (column) => column.notNull())
    .addColumn("sealed", "text", (column) => column.notNull())
    .addColumn("created_at", int64(engine), (column) => column.notNull())
    .execute();
  await db.schema.createIndex("access_key_by_handle").on("access_key").column("handle").execute();
  await db.schema.createIndex("access_key_by_tunnel").on("access_key").column("tunnel_id").execute();
}

async function makePrefixes(target: Target): Promise<void> {
  const { db, engine } = target;
  await table(target, "allocation")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("pool_id", int64(engine), (column) => column.notNull().references("pool.id"))
    .addColumn("position", int64(engine), (column) => column.notNull())
    .addColumn("prefix", "text", (column) => column.notNull())
    .addColumn("purpose", "text", (column) => column.notNull())
    // No reference: the history outlives the tunnel.
    .addColumn("tunnel_id", int64(engine), (column) => column.notNull())
    .addColumn("handle", "text", (column) => column.notNull().references("account.handle"))
    .addColumn("given_at", int64(engine), (column) => column.notNull())
    .addColumn("returned_at", int64(engine))
    .addColumn("reusable_at", int64(engine))
    .addColumn("retired", int64(engine), (column) => column.notNull().defaultTo(0))
    .addUniqueConstraint("allocation_prefix_once", ["prefix", "retired"])
    .addUniqueConstraint("allocation_position_once", ["pool_id", "position", "retired"])
    .addCheckConstraint("allocation_rests_or_not", sql`(returned_at is null) = (reusable_at is null)`)
    .addCheckConstraint("allocation_retires_after_rest", sql`retired = 0 or (retired = id and returned_at is not null)`)
    .execute();
  await db.schema
    .createIndex("allocation_one_per_tunnel")
    .unique()
    .on("allocation")
    .column("tunnel_id")
    .where(sql<boolean>`purpose = 'tunnel' and returned_at is null`)
    .execute();
  await db.schema.createIndex("allocation_by_tunnel").on("allocation").column("tunnel_id").execute();
  await db.schema.createIndex("allocation_by_rest").on("allocation").columns(["pool_id", "retired", "reusable_at", "position"]).execute();
  await table(target, "delegation")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("allocation_id", int64(engine), (column) => column.notNull().unique().references("allocation.id"))
    .execute();
  await startAt1001(target, "delegation");
}

async function makeObservations(target: Target): Promise<void> {
  const { db, engine } = target;
  const ofTunnel = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
    column.primaryKey().references("tunnel.id").onDelete("cascade");
  await table(target, "tunnel_seen")
    .addColumn("tunnel_id", int64(engine), ofTunnel)
    .addColumn("at", int64(engine), (column) => column.notNull())
    .execute();
  await table(target, "tunnel_counters")
    .addColumn("tunnel_id", int64(engine), ofTunnel)
    .addColumn("at", int64(engine), (column) => column.notNull())
    .addColumn("in_packets", int64(engine), (column) => column.notNull())
    .addColumn("in_bytes", int64(engine), (column) => column.notNull())
    .addColumn("out_packets", int64(engine), (column) => column.notNull())
    .addColumn("out_bytes", int64(engine), (column) => column.notNull())
    .addColumn("drops", int64(engine), (column) => column.notNull())
    .execute();
  await table(target, "tunnel_endpoint")
    .addColumn("tunnel_id", int64(engine), ofTunnel)
    .addColumn("ipv4", "text", (column) => column.notNull())
    .addColumn("port", "integer", (column) => column.notNull())
    .addColumn("since", int64(engine), (column) => column.notNull())
    .execute();
  await table(target, "endpoint_history")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("tunnel_id", int64(engine), (column) => column.notNull())
    .addColumn("ipv4", "text", (column) => column.notNull())
    .addColumn("port", "integer", (column) => column.notNull())
    .addColumn("since", int64(engine), (column) => column.notNull())
    .execute();
  await db.schema.createIndex("endpoint_history_by_tunnel").on("endpoint_history").columns(["tunnel_id", "id"]).execute();
}

async function makeAudit(target: Target): Promise<void> {
  const { engine } = target;
  await table(target, "audit")
    .addColumn("id", int64(engine), numbered(engine))
    .addColumn("at", int64(engine), (column) => column.notNull())
    .addColumn("event", "text", (column) => column.notNull())
    .addColumn("handle", "text")
    .addColumn("pop", "text")
    .addColumn("tunnel_id", int64(engine))
    .addColumn("detail", "text", (column) => column.notNull())
    .execute();
  await neverChanges(target, "audit");
}
