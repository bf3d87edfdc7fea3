import { sql, type ColumnDefinitionBuilder, type CreateTableBuilder, type Kysely } from "kysely";
import type { EngineName } from "../engines/engine.ts";

/* What migrations are made of; changing any of it would change what was released. */

/** What a migration works on. */
export interface Target {
  readonly db: Kysely<unknown>;
  readonly engine: EngineName;
}

/** A table whose columns hold what they say: SQLite only checks that when asked. */
export function table({ db, engine }: Target, name: string): CreateTableBuilder<string> {
  const builder = db.schema.createTable(name);
  return engine === "sqlite" ? builder.modifyEnd(sql`strict`) : builder;
}

/** 64 bits on both engines, where "integer" alone would be 32 on PostgreSQL. */
export function int64(engine: EngineName): "integer" | "bigint" {
  return engine === "sqlite" ? "integer" : "bigint";
}

/** Numbers itself and never gives a number twice, not even that of a row that is gone. */
export function numbered(engine: EngineName): (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder {
  return (column) => (engine === "sqlite" ? column.primaryKey().autoIncrement() : column.primaryKey().generatedByDefaultAsIdentity());
}

/** People see these numbers; historic ones were never short. */
export async function startAt1001({ db, engine }: Target, name: string): Promise<void> {
  if (engine === "sqlite") await sql`insert into sqlite_sequence (name, seq) values (${name}, 1000)`.execute(db);
  else await sql`alter table ${sql.table(name)} alter column id restart with 1001`.execute(db);
}

/** Rows of `name` are only ever added; the database itself refuses the rest. */
export async function neverChanges({ db, engine }: Target, name: string): Promise<void> {
  if (engine === "sqlite") {
    for (const what of ["update", "delete"]) {
      await sql`create trigger ${sql.ref(`${name}_keeps_${what}`)} before ${sql.raw(what)} on ${sql.raw(name)}
        begin select raise(abort, ${sql.lit(`${name} rows are never changed`)}); end`.execute(db);
    }
    return;
  }
  await sql`create function ${sql.raw(`${name}_refuse`)}() returns trigger language plpgsql as
    $$ begin raise exception ${sql.lit(`${name} rows are never changed`)}; end $$`.execute(db);
  await sql`create trigger ${sql.raw(`${name}_keeps`)} before update or delete or truncate on ${sql.raw(name)}
    execute function ${sql.raw(`${name}_refuse`)}()`.execute(db);
}
