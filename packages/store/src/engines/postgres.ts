import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { assert } from "@tombolo/base";
import type { Schema } from "../schema.ts";
import type { Engine, FailureKind } from "./engine.ts";
import { makeListener } from "./postgres-listener.ts";

export interface PostgresOptions {
  readonly url: string;
  readonly connections: number;
}

export function openPostgres({ url, connections }: PostgresOptions): Engine {
  const connection = { connectionString: url, application_name: "tombolo", keepAlive: true, connectionTimeoutMillis: 10_000 };
  const pool = new pg.Pool({
    ...connection,
    max: connections,
    // A broker that hangs must not hold a PoP's row for ever, nor wait for one for ever.
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: 30_000,
    types: { getTypeParser },
  });
  // A connection that breaks is replaced by the pool, and who uses it hears of it from the query. But it also emits an
  // event, idle or not, that would end the process if nobody listened.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const listener = makeListener(connection);
  return {
    name: "postgres",
    db,
    classify,
    listen: (hear) => listener.start(hear),
    async close() {
      await listener.stop();
      await db.destroy();
    },
  };
}

/** The type's number in PostgreSQL's catalogue, pg_type. */
const int8Oid = 20;

/** int8 as a number: every count, id and time of ours stays below 2^53, and one that does not is loud. */
function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  if (oid === int8Oid && format !== "binary") return parseInt8;
  return pg.types.getTypeParser(oid, format === "binary" ? "binary" : "text") as (value: string) => unknown;
}

function parseInt8(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), "a number in the database is below 2^53");
  return value;
}

/** PostgreSQL's appendix A. Codes of class 08 and 57P, and what is no answer at all, mean that the server is away. */
function classify(error: unknown): FailureKind {
  if (!(error instanceof Error)) return "other";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const conflicts = ["40001", "40P01", "55P03"];
  if (conflicts.includes(code)) return "conflict";
  const away = [
    "08",
    "57P",
    "53300",
    "25P03",
    "ECONN",
    "EPIPE",
    "ENOENT",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOTFOUND",
    "EAI_AGAIN",
  ];
  if (away.some((start) => code.startsWith(start))) return "unreachable";
  return /Connection terminated|not queryable|timeout exceeded when trying to connect/.test(error.message) ? "unreachable" : "other";
}
