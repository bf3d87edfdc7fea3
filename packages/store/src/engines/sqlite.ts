import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type SqliteDatabase,
  type SqliteStatement,
  type TransactionSettings,
} from "kysely";
import type { Schema } from "../schema.ts";
import type { Engine, FailureKind } from "./engine.ts";

/**
 * How long SQLite itself waits for another process's lock. It waits inside the call and so holds up this whole process:
 * short, and the transaction is tried again later.
 */
const busyTimeoutMs = 20;

/** Prepared statements kept; queries with lists make ever new texts. */
const statementsKept = 256;

/** `path` may be ":memory:". The file is made for its owner alone: it holds mail addresses and sealed secrets. */
export function openSqlite(path: string): Engine {
  if (path !== ":memory:") {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
  }
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on");
  } catch (error) {
    database.close();
    throw error;
  }
  const db = new Kysely<Schema>({ dialect: makeDialect(database) });
  return {
    name: "sqlite",
    db,
    classify,
    listen: () => {},
    close: () => db.destroy(),
  };
}

function makeDialect(database: DatabaseSync): Dialect {
  return {
    createDriver: () => new ImmediateDriver(database),
    createAdapter: () => new TransactionalAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** SQLite's schema changes are as transactional as its rows. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    super({ database: wrapDatabase(database) });
    this.#database = database;
  }

  /** A writer takes the write lock at once: a reader that turns writer could only fail when another was quicker. */
  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    const begin = settings?.accessMode === "read only" ? "begin" : "begin immediate";
    await connection.executeQuery(CompiledQuery.raw(begin));
  }

  /** After a full disk and the like SQLite has rolled back by itself; a second rollback would hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }
}

/** node:sqlite as Kysely wants it. */
function wrapDatabase(database: DatabaseSync): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>();
  return {
    prepare(sql) {
      const found = kept.get(sql);
      if (found !== undefined) return found;
      const statement = wrapStatement(database.prepare(sql));
      const oldest = kept.size >= statementsKept ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
      kept.set(sql, statement);
      return statement;
    },
    close: () => {
      kept.clear();
      database.close();
    },
  };
}

function wrapStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}

/** SQLITE_BUSY and SQLITE_LOCKED, whatever their extended code (sqlite.org/rescode.html). */
function classify(error: unknown): FailureKind {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return code === 5 || code === 6 ? "conflict" : "other";
}
