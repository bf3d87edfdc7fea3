import type { Transaction } from "kysely";
import type { PopName } from "@tombolo/broker";
import type { EngineName } from "../engines/engine.ts";
import type { Schema } from "../schema.ts";

/** What every repository of one transaction shares. */
export interface Scope {
  readonly trx: Transaction<Schema>;
  readonly engine: EngineName;
  /** Where the names of PoPs go whose revision was raised, to be woken after the commit. */
  readonly raised: Set<PopName>;
}

/** SQLite has one writer at a time, who holds everything; PostgreSQL locks the row. */
export function locksRows(scope: Scope): boolean {
  return scope.engine === "postgres";
}

/** Both engines bound the parameters of a statement (32766 and 65535); a row of ours has at most ten. */
const chunkRows = 1_000;

export function chunk<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / chunkRows) }, (_, i) => items.slice(i * chunkRows, (i + 1) * chunkRows));
}
