import assert from "node:assert/strict";
import { test } from "node:test";
import {
  failFibre,
  fetchPage,
  island,
  makeClient,
  pingSix,
  restoreFibre,
  startSteadyPing,
  until,
  walkHome,
  walkToCafe,
} from "@tombolo/lab";
import { openWorld, skip } from "./world.ts";

test("the broker is killed: not one ping is lost, and new connections work", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  const client = makeClient(lab, { node: "laptop", subscriber: await operator.subscribe("Ada Example") });
  await client.up();
  const ping = startSteadyPing(client.node, island.webIpv6, 20);
  await ping.resumedAfter(0, 5_000);
  operator.broker.signal("SIGKILL");
  await operator.broker.exited;
  await ping.resumedAfter(Date.now() + 1_500, 5_000);
  await ping.stop();
  const { answers } = ping;
  assert.equal(answers.length, (answers.at(-1)?.sequence ?? 0) - (answers[0]?.sequence ?? 0) + 1);
  assert.match(await fetchPage(client.node), /you came by IPv6/);
});

test("the PoP is killed too, and comes back from its disk alone: traffic resumes while the broker is dead", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  const subscriber = await operator.subscribe("Ada Example");
  const client = makeClient(lab, { node: "laptop", subscriber });
  await client.up();
  await operator.restsOnDisk(subscriber.tunnel);
  operator.broker.signal("SIGKILL");
  await operator.broker.exited;
  operator.pop.signal("SIGKILL");
  await operator.pop.exited;
  assert.equal((await pingSix(client.node, island.webIpv6, 1)).received, 0);
  await operator.restartPop();
  const ping = startSteadyPing(client.node, island.webIpv6, 50);
  await ping.resumedAfter(0, 30_000);
  await ping.stop();
});

test("after the broker came back the PoP learns what is new", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  operator.broker.signal("SIGKILL");
  await operator.broker.exited;
  await operator.restartBroker();
  const subscriber = await operator.subscribe("Grace Example");
  const client = makeClient(lab, { node: "desk", subscriber });
  await until("a tunnel made after the restart works", { withinMs: 60_000 }, async () => {
    const tunnel = await client.up().catch(() => undefined);
    return tunnel !== undefined && (await pingSix(client.node, island.webIpv6, 1)).received === 1;
  });
});

test("the NAT gets another public address, then its old one again: traffic follows both times", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  const subscriber = await operator.subscribe("Ada Example");
  const client = makeClient(lab, { node: "laptop", subscriber });
  await client.up();
  const ping = startSteadyPing(client.node, island.webIpv6, 50);
  await ping.resumedAfter(0, 5_000);
  for (const move of [failFibre, restoreFibre]) {
    await move(lab);
    await ping.resumedAfter(Date.now(), 30_000);
  }
  await ping.stop();
  assert.ok((await fetchPage(client.node)).includes(subscriber.clientAddress), "the IPv6 address stays");
});

test("the client's own address changes and its NAT vanishes, then it comes home: traffic follows both times", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  const subscriber = await operator.subscribe("Ada Example");
  const client = makeClient(lab, { node: "laptop", subscriber });
  await client.up();
  const ping = startSteadyPing(client.node, island.webIpv6, 50);
  await ping.resumedAfter(0, 5_000);
  for (const move of [walkToCafe, walkHome]) {
    await move(lab);
    await ping.resumedAfter(Date.now(), 30_000);
  }
  await ping.stop();
  assert.ok((await fetchPage(client.node)).includes(subscriber.clientAddress), "the IPv6 address stays");
});
