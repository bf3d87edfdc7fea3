import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { wallSec } from "@tombolo/base";
import { defaultCreditPlan } from "@tombolo/broker";
import { openStore } from "../../open-store.ts";
import { addPop, ipv4, ipv6Prefix, makeWorld } from "../world.ts";

/**
 * Prints a database with something of everything in it, as SQL: `node --conditions=source dump.ts > dumps/NNNN.sql`,
 * once for every release that adds a migration. A dump is never made anew.
 */
const folder = mkdtempSync(join(tmpdir(), "tombolo-dump-"));
const path = join(folder, "broker.db");
try {
  await fill(`sqlite:${path}`);
  process.stdout.write(dump(path));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function fill(url: string): Promise<void> {
  const store = await openStore({ url });
  const { broker, clock } = makeWorld(store, { settings: { credits: { ...defaultCreditPlan, enabled: true, mayRequestFrom: -100 } } });
  const pop = await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
  const { account } = await broker.accounts.add({ fullName: "Ann B. Clark", email: "ann@example.org" });
  await broker.accounts.add({ fullName: "Jan M.", email: "jan@example.org", handle: "JRM1-RIPE" });
  await broker.accounts.setState("JRM1-RIPE", "disabled");
  const { handle } = account;
  const gone = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
  await broker.tunnels.add({ handle, pop, encapsulation: "6in4", staticEndpoint: ipv4("198.51.100.7"), mtuBytes: 1480 });
  const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
  await broker.accounts.addKey({ handle, tunnel: id, label: "router" });
  clock.nowSec += 60;
  const at = wallSec(clock.nowSec);
  await broker.states.observe(pop, [
    { kind: "endpoint", tunnel: id, ipv4: ipv4("203.0.113.9"), port: 4_001, at },
    { kind: "counters", tunnel: id, at, inPackets: 1, inBytes: 2, outPackets: 3, outBytes: 4, drops: 5 },
    { kind: "latency", tunnel: id, at, sent: 3, received: 2, minMs: 4.25, avgMs: 5, maxMs: 5.75 },
  ]);
  await broker.robot.rollUp(at);
  const { id: emptied } = await broker.pools.add({ pop, purpose: "delegation", prefix: ipv6Prefix("2001:db8:9000::/47"), lengthBits: 48 });
  await broker.pools.remove(emptied);
  await broker.pools.add({ pop, purpose: "delegation", prefix: ipv6Prefix("2001:db8:9000::/47"), lengthBits: 48 });
  const reason = "a network behind the router";
  const delegation = { kind: "delegation", tunnel: id, lengthBits: 48 } as const;
  await broker.requests.approve((await broker.requests.add({ handle, wish: delegation, reason })).id);
  await broker.requests.reject((await broker.requests.add({ handle, wish: delegation, reason })).id, "One is enough.");
  await broker.requests.add({
    handle,
    wish: { kind: "tunnel", pop, encapsulation: "ayiya", staticEndpoint: undefined, mtuBytes: 1280 },
    reason,
  });
  await broker.tunnels.remove(gone.id);
  await broker.pops.setState(pop, "down", "moving house");
  await broker.pops.setState(pop, "up", "");
  await store.close();
}

function dump(file: string): string {
  const database = new DatabaseSync(file);
  const read = (sql: string): Record<string, SQLOutputValue>[] => database.prepare(sql).all();
  const made = read(
    "select type, name, sql from sqlite_master where sql is not null and name not like 'sqlite\\_%' escape '\\' order by rowid",
  );
  const tables = made.filter((one) => one["type"] === "table");
  const rowsOf = (table: string): string[] =>
    read(`select * from "${table}" order by rowid`).map(
      (row) => `insert into "${table}" values (${Object.values(row).map(literal).join(", ")});`,
    );
  const lines = [
    "begin;",
    // Tables that a migration made anew come after those that refer to them.
    "pragma defer_foreign_keys = on;",
    ...tables.map((table) => `${String(table["sql"])};`),
    ...tables.flatMap((table) => rowsOf(String(table["name"]))),
    // Filling the tables has counted as well.
    "delete from sqlite_sequence;",
    ...rowsOf("sqlite_sequence"),
    // Triggers last, or they would run.
    ...made.filter((one) => one["type"] !== "table").map((one) => `${String(one["sql"])};`),
    "commit;",
  ];
  database.close();
  return `${lines.join("\n")}\n`;
}

function literal(value: SQLOutputValue): string {
  if (value === null) return "null";
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}
