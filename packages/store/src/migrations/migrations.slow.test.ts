import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { sql } from "kysely";
import { formatIpv6, wallSec } from "@tombolo/base";
import type { EngineName } from "../engines/engine.ts";
import { openEngine, openStore, parseStoreUrl } from "../open-store.ts";
import { startPostgres, type PostgresServer } from "../testing/postgres-server.ts";
import { ipv6, makeWorld, startSec } from "../testing/world.ts";
import { listMigrations } from "./list.ts";
import { migrate } from "./migrate.ts";

const readDump = (number: string): string => readFileSync(new URL(`../../dumps/${number}.sql`, import.meta.url), "utf8");
const dump = readDump("0001");

let server: PostgresServer | undefined;
let folder = "";
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "tombolo-migrations-"));
  server = await startPostgres();
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
async function makeUrl(engine: EngineName): Promise<string> {
  if (engine === "postgres") return (await server?.makeDatabase()) ?? "";
  files += 1;
  return `sqlite:${join(folder, `${files}.db`)}`;
}

function pathOf(url: string): string {
  return url.slice("sqlite:".length);
}

for (const engineName of ["sqlite", "postgres"] as const) {
  describe(`migrations on ${engineName}`, () => {
    test("every one of them, one after the other, from an empty database to the newest", async () => {
      const url = await makeUrl(engineName);
      const parsed = parseStoreUrl(url);
      assert.ok(parsed.ok);
      const engine = openEngine(parsed.value, 1);
      for (const name of Object.keys(listMigrations(engineName))) await migrate(engine.db, engineName, name);
      await migrate(engine.db, engineName);
      await engine.close();
      const store = await openStore({ url });
      assert.deepEqual(await makeWorld(store).broker.tunnels.list(), []);
      await store.close();
    });

    test("several brokers that start at once on an empty database migrate it once", async () => {
      const url = await makeUrl(engineName);
      const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ url })));
      await Promise.all(stores.map((store) => makeWorld(store).broker.accounts.list()));
      await Promise.all(stores.map((store) => store.close()));
    });

    test("a database from a newer program is refused and left alone", async () => {
      const url = await makeUrl(engineName);
      const parsed = parseStoreUrl(url);
      assert.ok(parsed.ok);
      const engine = openEngine(parsed.value, 1);
      await migrate(engine.db, engineName);
      await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01T00:00:00.000Z')`.execute(engine.db);
      await engine.close();
      await assert.rejects(openStore({ url }), /9999-later/);
    });
  });
}

test("a migration that fails halfway leaves nothing of itself", async () => {
  const url = await makeUrl("sqlite");
  const database = new DatabaseSync(pathOf(url));
  database.exec("create table audit (mine text)");
  database.close();
  await assert.rejects(openStore({ url }), /audit/);
  const again = new DatabaseSync(pathOf(url));
  const tables = again
    .prepare("select name from sqlite_master where type = 'table' and name not like 'kysely%' and name not like 'sqlite%'")
    .all();
  again.close();
  assert.deepEqual(
    tables.map((row) => row["name"]),
    ["audit"],
  );
});

test("migration 0001 makes today what it made when it was released", async () => {
  const [released, today] = [await makeUrl("sqlite"), await makeUrl("sqlite")];
  restore(dump, pathOf(released));
  const engine = openEngine({ engine: "sqlite", path: pathOf(today) }, 1);
  await migrate(engine.db, "sqlite", "0001-init");
  await engine.close();
  assert.deepEqual(readSchema(pathOf(today)), readSchema(pathOf(released)));
});

test("a database of 0001 with everything in it opens with the newest program and nothing is lost", async () => {
  const url = await makeUrl("sqlite");
  restore(dump, pathOf(url));
  const store = await openStore({ url });
  const { broker } = makeWorld(store, { seed: 5 });
  assert.deepEqual(
    (await broker.accounts.list()).map((account) => [account.handle, account.state]),
    [
      ["ABC1-TMB", "enabled"],
      ["JRM1-RIPE", "disabled"],
    ],
  );
  const tunnels = await broker.tunnels.list();
  assert.deepEqual(
    tunnels.map((tunnel) => [tunnel.id, tunnel.encapsulation, formatIpv6(tunnel.clientAddress), tunnel.delegations.length]),
    [
      ["T1002", "6in4", "2001:db8:1:1::2", 1],
      ["T1003", "ayiya", "2001:db8:1:2::2", 1],
    ],
  );
  assert.equal(tunnels[1]?.endpoint?.port, 4_001);
  assert.equal((await broker.tunnels.findHolder(ipv6("2001:db8:1::2"), wallSec(startSec + 1)))?.tunnel, "T1001");
  assert.match(await broker.tunnels.readSecret("T1003"), /^[0-9a-f]{32}$/);
  assert.equal((await broker.accounts.readKeysForChallenge("ABC1-TMB", "T1003")).length, 2);
  assert.equal((await broker.states.snapshot("nlams01")).tunnels.length, 2);
  assert.equal((await broker.tunnels.add({ handle: "ABC1-TMB", pop: "nlams01", encapsulation: "ayiya" })).id, "T1004");
  assert.ok((await store.read(({ audit }) => audit.list(100))).length > 10);
  await store.close();
});

test("migrations up to 0005 make today what they made when they were released", async () => {
  const [released, today] = [await makeUrl("sqlite"), await makeUrl("sqlite")];
  restore(readDump("0005"), pathOf(released));
  const engine = openEngine({ engine: "sqlite", path: pathOf(today) }, 1);
  await migrate(engine.db, "sqlite", "0005-latency");
  await engine.close();
  assert.deepEqual(readSchema(pathOf(today)), readSchema(pathOf(released)));
});

test("a database of 0005 opens with its requests, its ledger, its latency and its pools as they were", async () => {
  const url = await makeUrl("sqlite");
  restore(readDump("0005"), pathOf(url));
  const store = await openStore({ url });
  const { broker } = makeWorld(store, { seed: 5 });
  assert.deepEqual(
    (await broker.requests.list()).map(({ id, state, decision }) => [id, state, decision?.delegation]),
    [
      ["Q1003", "requested", undefined],
      ["Q1002", "rejected", undefined],
      ["Q1001", "approved", "R1004"],
    ],
  );
  const { balance, entries } = await broker.credits.read("ABC1-TMB");
  assert.deepEqual([balance, entries.length], [25 - 10 - 4 - 10 - 10, 5]);
  const range = { tunnel: "T1003", from: wallSec(0), to: wallSec(2 ** 40), step: "day" } as const;
  assert.equal((await broker.latency.read(range))[0]?.received, 2);
  assert.deepEqual(
    (await broker.pools.list()).map((pool) => pool.id),
    ["P1", "P2", "P4"],
  );
  assert.equal((await broker.events.list()).length, 9);
  assert.equal((await broker.requests.approve("Q1003")).decision?.tunnel, "T1004");
  await store.close();
});

function restore(sql: string, path: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function readSchema(path: string): unknown[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare("select type, name, sql from sqlite_master where name not like 'sqlite%' order by type, name").all();
  database.close();
  return rows;
}
