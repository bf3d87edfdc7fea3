import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { sql } from "kysely";
import { openEngine, openStore, parseStoreUrl } from "../open-store.ts";
import { startPostgres, type PostgresServer } from "../testing/postgres-server.ts";
import { addAccount, addPop, makeWorld } from "../testing/world.ts";

describe("PostgreSQL of its own kind", () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  test("64-bit numbers come back as numbers, and one too big for that is loud", async () => {
    const url = parseStoreUrl(await server.makeDatabase());
    assert.ok(url.ok);
    const engine = openEngine(url.value, 1);
    const select = (value: string) => sql<{ n: unknown }>`select ${sql.raw(value)}::bigint as n`.execute(engine.db);
    assert.deepEqual((await select("9007199254740991")).rows, [{ n: 9_007_199_254_740_991 }]);
    await assert.rejects(select("9007199254740993"), /below 2\^53/);
    await engine.close();
  });

  test("two transactions that lock in opposite order both end, because the loser runs again", async () => {
    const store = await openStore({ url: await server.makeDatabase() });
    const { broker } = makeWorld(store);
    await addPop(broker);
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const before = (await broker.states.snapshot("nlams01")).revision;
    let runs = 0;
    let reached = 0;
    let open = (): void => {};
    const both = new Promise<void>((resolve) => (open = resolve));
    const raiseBoth = (first: string, second: string) =>
      store.write(async ({ revisions }) => {
        runs += 1;
        await revisions.raise(first, 100);
        reached += 1;
        if (reached === 2) open();
        await both;
        await revisions.raise(second, 100);
      });
    await Promise.all([raiseBoth("nlams01", "deham01"), raiseBoth("deham01", "nlams01")]);
    assert.equal(runs, 3);
    assert.equal((await broker.states.snapshot("nlams01")).revision, before + 2);
    await store.close();
  });

  test("after the server cut every session, waiting and writing go on", async () => {
    const url = await server.makeDatabase();
    const [store, other] = [await openStore({ url }), await openStore({ url })];
    const { broker } = makeWorld(store);
    await addPop(broker);
    const handle = await addAccount(broker);
    const { revision } = await broker.states.snapshot("nlams01");
    const waiting = broker.states.wait("nlams01", new AbortController().signal, revision);
    await server.cutSessions();
    const { broker: elsewhere } = makeWorld(other, { seed: 2 });
    await assertEventually(() => elsewhere.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" }));
    await waiting;
    await assertEventually(() => broker.tunnels.list());
    assert.equal((await broker.tunnels.list()).length, 1);
    await Promise.all([store.close(), other.close()]);
  });

  test("a database that does not answer is a busy store, without its words", async () => {
    const url = "postgres://ann:hunter2@localhost/x?host=/nonexistent";
    await assert.rejects(openStore({ url }), (error: Error & { code?: string }) => {
      assert.equal(error.code, "store-busy");
      return !error.message.includes("hunter2") && !error.message.includes("nonexistent");
    });
  });
});

/** The first calls may still meet a connection that was cut. */
async function assertEventually(call: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await call();
      return;
    } catch (error) {
      assert.equal((error as { code?: string }).code, "store-busy");
      assert.ok(attempt < 20, "it goes on after a few tries");
    }
  }
}
