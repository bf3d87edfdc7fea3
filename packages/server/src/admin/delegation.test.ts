import assert from "node:assert/strict";
import test from "node:test";
import { CommandLine } from "../../test/command-line.ts";
import { makeFolder } from "../../test/world.ts";

test("a /48 is routed to a tunnel, listed and taken back, and its pool goes once nothing rests in it", async (t) => {
  const line = new CommandLine(await makeFolder(t), { TOMBOLO_BROKER_QUARANTINE_DAYS: "0" });
  await line.json("admin", "pop", "add", "nlams01", "--city", "Amsterdam", "--country", "NL", "--ipv4", "192.0.2.1");
  await line.json("admin", "pool", "add", "2001:db8:1::/48", "--pop", "nlams01", "--purpose", "tunnel");
  await line.json("admin", "pool", "add", "2001:db8:8000::/36", "--pop", "nlams01", "--purpose", "delegation", "--length", "48");
  await line.json("admin", "account", "add", "--name", "Ada B. Cole", "--email", "ada@example.net");
  await line.json("admin", "tunnel", "add", "ABC1-TMB", "--pop", "nlams01");
  interface View {
    readonly id: string;
    readonly prefix: string;
  }
  const given = await line.json<View>("admin", "delegation", "add", "t1001", "/48");
  assert.deepEqual([given.id, given.prefix], ["R1001", "2001:db8:8000::/48"]);
  assert.deepEqual(await line.json("admin", "delegation", "list", "--tunnel", "T1001"), [given]);
  assert.deepEqual(await line.json("admin", "delegation", "list", "--account", "xyz1-tmb"), []);
  const inUse = await line.run(["admin", "pool", "remove", "P2"]);
  assert.deepEqual([inUse.status, inUse.err.includes("(pool-in-use)")], [1, true]);
  assert.equal((await line.run(["admin", "delegation", "remove", "R1001"])).out, "R1001 removed.\n");
  assert.equal((await line.run(["admin", "pool", "remove", "P2"])).out, "P2 removed.\n");
  const wrong = await line.run(["admin", "delegation", "add", "T1001", "big"]);
  assert.deepEqual([wrong.status, wrong.err.split("\n")[0]], [2, 'tombolod: "big" is not a prefix length such as /48']);
});
