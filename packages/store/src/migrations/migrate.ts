import type { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import type { EngineName } from "../engines/engine.ts";
import type { Schema } from "../schema.ts";
import { makeProvider } from "./list.ts";

/**
 * Brings the database to the newest form, or to `target`, in one transaction: a crash leaves the form it had. Two
 * processes that start at once wait for each other.
 */
export async function migrate(db: Kysely<Schema>, engine: EngineName, target?: string): Promise<void> {
  const migrator = new Migrator({ db, provider: makeProvider(engine) });
  const { error } = target === undefined ? await migrator.migrateToLatest() : await migrator.migrateTo(target);
  if (error instanceof Error) throw error;
  if (error !== undefined) throw new Error("the database could not be migrated", { cause: error });
}
