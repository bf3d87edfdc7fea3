import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { findBinary, island, makeClient, popName, type Client, type RunResult, type Subscriber } from "@tombolo/lab";
import { openWorld, skip, type World } from "./world.ts";

let world: World;
let subscriber: Subscriber;
let client: Client;

before(async () => {
  if (skip !== false) return;
  world = await openWorld();
  subscriber = await world.operator.subscribe("Ada Example");
  client = makeClient(world.lab, { node: "laptop", subscriber });
});

after(async () => {
  if (skip === false) await world.close();
});

/** It ended with `status`, said why in one sentence, and left the host as it was. */
async function assertRefused(result: RunResult, status: number, sentence: RegExp, of: Client = client): Promise<void> {
  assert.equal(result.status, status, result.stdout + result.stderr);
  assert.match(result.stderr.trim(), sentence);
  assert.equal(result.stderr.trim().split("\n").length, 1, result.stderr);
  assert.doesNotMatch(await of.node.must(["ip", "-br", "link"]), /tombolo/);
  assert.equal(await of.node.must(["ip", "-6", "route", "show", "default"]), "");
  assert.deepEqual(readdirSync(dirname(of.configFile)).toSorted(), ["key", "tombolo.conf"]);
}

test("a wrong key: exit 12", { skip }, async () => {
  const thief = makeClient(world.lab, { node: "desk", subscriber, accessKey: "not-the-key-at-all" });
  await assertRefused(await thief.run(["up"]), 12, /did not accept the access key of/, thief);
});

test("a clock that is 1000 seconds ahead: exit 13, and by how much", { skip }, async () => {
  const shift = new URL("programs/shifted-clock.ts", import.meta.url).href;
  const result = await client.run(["up"], { env: { NODE_OPTIONS: `--import=${shift}`, SHIFT_CLOCK_SEC: "1000" } });
  await assertRefused(result, 13, /clock is (999|1000|1001) seconds ahead of the broker's/);
});

test("a PoP that its operator took down: exit 18, with the operator's words", { skip }, async () => {
  await world.operator.admin(["pop", "down", popName, "--message", "back at 18:00 UTC"]);
  try {
    await assertRefused(await client.run(["up"]), 18, /back at 18:00 UTC/);
  } finally {
    await world.operator.admin(["pop", "up", popName]);
  }
});

test("UDP 5072 is dropped on the way: exit 20, and which port to open", { skip }, async () => {
  const core = world.lab.node("core");
  await core.must([
    "nft",
    "add table ip wall; add chain ip wall through { type filter hook forward priority 0; }; add rule ip wall through udp dport 5072 drop",
  ]);
  try {
    await assertRefused(await client.run(["up"]), 20, /let UDP port 5072 out/);
  } finally {
    await core.must(["nft", "delete table ip wall"]);
  }
});

test("nobody listens at the broker's port: exit 10", { skip }, async () => {
  await assertRefused(await client.run(["up", "--server", `${island.brokerIpv4}:3999`]), 10, /cannot be reached/);
});

test("a tunnel that there is not: exit 16; one that is switched off: exit 17", { skip }, async () => {
  await assertRefused(await client.run(["up", "--tunnel", "T999999"]), 16, /T999999/);
  await world.operator.admin(["tunnel", "disable", subscriber.tunnel]);
  try {
    await assertRefused(await client.run(["up"]), 17, /switched off by the operator/);
  } finally {
    await world.operator.admin(["tunnel", "enable", subscriber.tunnel]);
  }
});

test("not root: exit 4, and nothing was asked of the broker before", { skip }, async () => {
  const settings = { TOMBOLO_SERVER: island.brokerIpv4, TOMBOLO_USER: subscriber.handle, TOMBOLO_KEY: subscriber.accessKey };
  const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"];
  const result = await client.node.run([...asNobody, findBinary("tombolo"), "up", "--config", "/dev/null"], { env: settings });
  await assertRefused(result, 4, /needs root/);
  assert.doesNotMatch(result.stdout, /Logging in/);
});

test("a second tombolo on the same device: exit 6, and the first one goes on", { skip }, async () => {
  const tunnel = await client.up();
  const second = await client.run(["up"]);
  assert.equal(second.status, 6, second.stderr);
  assert.equal((await client.run(["status", "--json"])).status, 0);
  assert.equal((await client.run(["down"])).status, 0);
  assert.equal((await tunnel.exited).status, 0);
});

test("status when nothing runs: exit 3; down when nothing runs is no error", { skip }, async () => {
  assert.equal((await client.run(["status"])).status, 3);
  assert.equal((await client.run(["down"])).status, 0);
});

test("after all these refusals the same client with the same settings comes up", { skip }, async () => {
  const tunnel = await client.up();
  tunnel.signal("SIGTERM");
  assert.equal((await tunnel.exited).status, 0);
});
