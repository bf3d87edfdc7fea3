import type { PopName, Repositories } from "@tombolo/broker";
import type { Engine } from "../engines/engine.ts";
import { makeRepositories } from "../repositories/repositories.ts";
import { retryConflicts } from "./retry.ts";

/** All reads of `work` see one moment. */
export function runRead<T>(engine: Engine, work: (repositories: Repositories) => Promise<T>): Promise<T> {
  const transaction = engine.db.transaction().setAccessMode("read only");
  const builder = engine.name === "postgres" ? transaction.setIsolationLevel("repeatable read") : transaction;
  return retryConflicts({
    run: () => builder.execute((trx) => work(makeRepositories({ trx, engine: engine.name, raised: new Set() }))),
    classify: (error) => engine.classify(error),
  });
}

/**
 * On PostgreSQL "read committed" with row locks taken in one order: a serializable run would fail and repeat wherever
 * two tunnels are made at the same PoP, while a lock on the PoP's row lets them queue.
 */
export async function runWrite<T>(
  engine: Engine,
  work: (repositories: Repositories) => Promise<T>,
): Promise<{ readonly value: T; readonly raised: ReadonlySet<PopName> }> {
  const transaction = engine.db.transaction();
  const builder = engine.name === "postgres" ? transaction.setIsolationLevel("read committed") : transaction;
  return retryConflicts({
    async run() {
      const raised = new Set<PopName>();
      const value = await builder.execute((trx) => work(makeRepositories({ trx, engine: engine.name, raised })));
      return { value, raised };
    },
    classify: (error) => engine.classify(error),
  });
}
