import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
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
  wallMs,
} from "@tombolo/lab";
import { connect, openWorld, skip, type World } from "./world.ts";

/** These tests end brokers and PoPs, so each has a world of its own. */
async function openOwnWorld(t: TestContext): Promise<World> {
  const world = await openWorld();
  t.after(() => world.close());
  return world;
}

test("the broker is killed: not one ping is lost, and new connections work", { skip }, async (t) => {
  const world = await openOwnWorld(t);
  const { client } = await connect(t, world);
  const ping = startSteadyPing(client.node, island.webIpv6, 20);
  await ping.resumedAfter(0, 5_000);
  world.operator.broker.signal("SIGKILL");
  await world.operator.broker.exited;
  await ping.resumedAfter(wallMs() + 1_500, 5_000);
  await ping.stop();
  const { answers } = ping;
  assert.equal(answers.length, (answers.at(-1)?.sequence ?? 0) - (answers[0]?.sequence ?? 0) + 1);
  assert.match(await fetchPage(client.node), /you came by IPv6/);
});

test("the PoP is killed too, and comes back from its disk alone: traffic resumes while the broker is dead", { skip }, async (t) => {
  const world = await openOwnWorld(t);
  const { operator } = world;
  const { subscriber, client } = await connect(t, world);
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

test("after the broker came back the PoP learns what is new", { skip }, async (t) => {
  const world = await openOwnWorld(t);
  const { lab, operator } = world;
  operator.broker.signal("SIGKILL");
  await operator.broker.exited;
  await operator.restartBroker();
  const client = makeClient(lab, { node: "desk", subscriber: await operator.subscribe("Grace Example") });
  await until("a tunnel made after the restart works", { withinMs: 60_000 }, async () => {
    const tunnel = await client.up().catch(() => undefined);
    return tunnel !== undefined && (await pingSix(client.node, island.webIpv6, 1)).received === 1;
  });
});

for (const { what, moves } of [
  { what: "the NAT gets another public address, then its old one again", moves: [failFibre, restoreFibre] },
  { what: "the client's own address changes and its NAT vanishes, then it comes home", moves: [walkToCafe, walkHome] },
]) {
  test(`${what}: traffic follows both times, and the IPv6 address stays`, { skip }, async (t) => {
    const world = await openOwnWorld(t);
    const { subscriber, client } = await connect(t, world);
    const ping = startSteadyPing(client.node, island.webIpv6, 50);
    await ping.resumedAfter(0, 5_000);
    for (const move of moves) {
      await move(world.lab);
      await ping.resumedAfter(wallMs(), 30_000);
    }
    await ping.stop();
    assert.ok((await fetchPage(client.node)).includes(subscriber.clientAddress));
  });
}
