import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { wallSec } from "@tombolo/base";
import { openStore } from "@tombolo/store";
import { CommandLine } from "../../test/command-line.ts";
import { makeFolder } from "../../test/world.ts";

test("the history of a tunnel's latency is shown by steps", async (t) => {
  const folder = await makeFolder(t);
  const line = new CommandLine(folder);
  await line.json("admin", "pop", "add", "nlams01", "--city", "Amsterdam", "--country", "NL", "--ipv4", "192.0.2.1");
  await line.json("admin", "pool", "add", "2001:db8:1::/48", "--pop", "nlams01", "--purpose", "tunnel");
  await line.json("admin", "account", "add", "--name", "Ada B. Cole", "--email", "ada@example.net");
  await line.json("admin", "tunnel", "add", "ABC1-TMB", "--pop", "nlams01");
  assert.equal((await line.run(["admin", "latency", "show", "T1001"])).out, "No rounds in this time.\n");
  const store = await openStore({ url: `sqlite:${join(folder, "tombolo.db")}` });
  const at = wallSec(1_700_000_100);
  await store.write(({ latency }) =>
    latency.take([
      { tunnel: "T1001", at, sent: 3, received: 2, minMs: 4.25, avgMs: 5, maxMs: 5.75 },
      { tunnel: "T1001", at: wallSec(at + 300), sent: 3, received: 0, minMs: 0, avgMs: 0, maxMs: 0 },
    ]),
  );
  await store.close();
  const range = ["--step", "5min", "--from", "2023-11-14T00:00:00Z", "--to", "2023-11-15T00:00:00Z"];
  assert.deepEqual(await line.json("admin", "latency", "show", "T1001", ...range), [
    { at: "2023-11-14T22:15:00Z", sent: 3, received: 2, minMs: 4.25, avgMs: 5, maxMs: 5.75 },
    { at: "2023-11-14T22:20:00Z", sent: 3, received: 0, minMs: null, avgMs: null, maxMs: null },
  ]);
  const wrong = await line.run(["admin", "latency", "show", "T1001", "--step", "week"]);
  assert.deepEqual([wrong.status, wrong.err.split("\n")[0]], [2, 'tombolod: "week" is not one of 5min, hour, day']);
});
