import { failure, success, type Result } from "@tombolo/base";
import type { PopName, Store } from "@tombolo/broker";
import type { Engine } from "./engines/engine.ts";
import { openPostgres } from "./engines/postgres.ts";
import { openSqlite } from "./engines/sqlite.ts";
import { migrate } from "./migrations/migrate.ts";
import { retryConflicts } from "./transaction/retry.ts";
import { runRead, runWrite } from "./transaction/run.ts";
import { makeWaiters } from "./wake/waiters.ts";

export interface StoreOptions {
  /** `sqlite:path`, `sqlite::memory:` or `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** PostgreSQL only: how many connections at most, one for listening apart. Default 10. */
  readonly connections?: number;
}

export interface OpenedStore extends Store {
  /** Lets those who wait go and gives the connections back. Call it when no call is under way. */
  close(): Promise<void>;
}

export type StoreUrl = { readonly engine: "sqlite"; readonly path: string } | { readonly engine: "postgres"; readonly url: string };

/** Opens the database and brings it to the newest form; a SQLite file that is not there is made. */
export async function openStore(options: StoreOptions): Promise<OpenedStore> {
  const url = parseStoreUrl(options.url);
  // The url may hold a password: it is not repeated.
  if (!url.ok) throw new Error("a store's url is sqlite:path, sqlite::memory: or postgres://user:password@host:port/database");
  const engine = openEngine(url.value, options.connections ?? 10);
  try {
    await retryConflicts({
      run: () => migrate(engine.db, engine.name),
      classify: (error) => engine.classify(error),
    });
  } catch (error) {
    await engine.close();
    throw error;
  }
  return makeStore(engine);
}

export function parseStoreUrl(text: string): Result<StoreUrl, "not-a-store-url"> {
  if (text.startsWith("sqlite:") && text.length > "sqlite:".length)
    return success({ engine: "sqlite", path: text.slice("sqlite:".length) });
  if (/^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text)) return success({ engine: "postgres", url: text });
  return failure("not-a-store-url");
}

/** The connections alone, whatever form the database has. */
export function openEngine(url: StoreUrl, connections: number): Engine {
  return url.engine === "sqlite" ? openSqlite(url.path) : openPostgres({ url: url.url, connections });
}

function makeStore(engine: Engine): OpenedStore {
  const waiters = makeWaiters((pops) => readRevisions(engine, pops));
  return {
    read: (work) => runRead(engine, work),
    async write(work) {
      const { value, raised } = await runWrite(engine, work);
      for (const pop of raised) waiters.wake(pop);
      return value;
    },
    wait(pop, since, signal) {
      engine.listen(waiters);
      return waiters.wait(pop, since, signal);
    },
    async close() {
      waiters.close();
      await engine.close();
    },
  };
}

async function readRevisions({ db }: Engine, pops: readonly PopName[]): Promise<ReadonlyMap<PopName, number>> {
  const rows = await db.selectFrom("pop").select(["name", "revision"]).where("name", "in", pops).execute();
  return new Map(rows.map((row) => [row.name, row.revision]));
}
