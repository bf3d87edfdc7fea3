import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { openEngine, openStore, parseStoreUrl } from "./open-store.ts";
import { addAccount, addPop, makeWorld } from "./testing/world.ts";

function inFolder(body: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "tombolo-open-"));
    try {
      await body(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

test("a url names the engine", () => {
  assert.deepEqual(parseStoreUrl("sqlite:var/broker.db"), { ok: true, value: { engine: "sqlite", path: "var/broker.db" } });
  assert.deepEqual(parseStoreUrl("sqlite::memory:"), { ok: true, value: { engine: "sqlite", path: ":memory:" } });
  const url = "postgres://ann@db.example.org/tombolo";
  assert.deepEqual(parseStoreUrl(url), { ok: true, value: { engine: "postgres", url } });
  for (const wrong of ["", "sqlite:", "mysql://x", "postgres:x", "postgres://[", "/var/broker.db"]) {
    assert.deepEqual(parseStoreUrl(wrong), { ok: false, reason: "not-a-store-url" }, wrong);
  }
});

test("a wrong url is not repeated, because it may hold a password", async () => {
  await assert.rejects(openStore({ url: "postgress://ann:hunter2@db/x" }), (error: Error) => !error.message.includes("hunter2"));
});

test("a database in memory works and goes with its store", async () => {
  const store = await openStore({ url: "sqlite::memory:" });
  const { broker } = makeWorld(store);
  await addPop(broker);
  const handle = await addAccount(broker);
  assert.equal((await broker.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" })).id, "T1001");
  await store.close();
});

test(
  "the file is its owner's alone, also its log, and its folder is made",
  inFolder(async (folder) => {
    const path = join(folder, "new", "broker.db");
    const store = await openStore({ url: `sqlite:${path}` });
    await addAccount(makeWorld(store).broker);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
    await store.close();
  }),
);

test(
  "every commit is durable and references hold",
  inFolder(async (folder) => {
    const engine = openEngine({ engine: "sqlite", path: join(folder, "broker.db") }, 1);
    const read = async (pragma: string): Promise<unknown> => {
      const { rows } = await sql<object>`pragma ${sql.raw(pragma)}`.execute(engine.db);
      return Object.values(rows[0] ?? {})[0];
    };
    assert.equal(await read("journal_mode"), "wal");
    assert.equal(await read("synchronous"), 2, "full");
    assert.equal(await read("foreign_keys"), 1);
    await engine.close();
  }),
);

test(
  "a file that is no database is refused and left as it is",
  inFolder(async (folder) => {
    const path = join(folder, "broker.db");
    writeFileSync(path, "not a database, but long enough to be taken for one ".repeat(40));
    const before = readFileSync(path);
    await assert.rejects(openStore({ url: `sqlite:${path}` }), /not a database/);
    assert.deepEqual(readFileSync(path), before);
  }),
);

test(
  "a write waits for another program's lock and then goes on, while this process stays awake",
  inFolder(async (folder) => {
    const path = join(folder, "broker.db");
    const store = await openStore({ url: `sqlite:${path}` });
    const other = new DatabaseSync(path);
    try {
      other.exec("begin immediate");
      let added = false;
      const adding = addAccount(makeWorld(store).broker).then(() => (added = true));
      let turns = 0;
      while (turns < 5) {
        await sleep(10);
        turns += 1;
      }
      assert.equal(added, false);
      other.exec("commit");
      await adding;
      assert.equal(added, true);
    } finally {
      other.close();
      await store.close();
    }
  }),
);
