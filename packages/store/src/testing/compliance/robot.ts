import assert from "node:assert/strict";
import { wallSec } from "@tombolo/base";
import { defaultCreditPlan, type Broker, type Handle, type TunnelId } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv4, makeWorld, startSec, type World } from "../world.ts";
import { inWorld } from "./in-world.ts";

const pop = "nlams01";
const daySec = 86_400;
/** The first Monday after the world begins; every tunnel here is made before it. */
const monday = Math.ceil((startSec - 4 * daySec) / (7 * daySec)) * 7 * daySec + 4 * daySec;
const credits = { ...defaultCreditPlan, enabled: true };

/** Lets days pass, as `picture` says from Monday on: `+` answered, `x` in vain, `.` not measured; the robot runs every noon. */
async function live({ broker, clock }: World, tunnel: TunnelId, picture: string): Promise<void> {
  for (const [day, letter] of [...picture].entries()) {
    clock.nowSec = monday + day * daySec + 600;
    const ms = letter === "+" ? 5 : 0;
    const figures = { sent: 1, received: letter === "+" ? 1 : 0, minMs: ms, avgMs: ms, maxMs: ms };
    if (letter !== ".") await broker.states.observe(pop, [{ kind: "latency", tunnel, at: wallSec(clock.nowSec), ...figures }]);
    await runAt({ broker, clock }, day + 0.5);
  }
}

async function runAt({ broker, clock }: World, day: number): ReturnType<Broker["robot"]["runDaily"]> {
  clock.nowSec = monday + day * daySec;
  await broker.robot.rollUp(wallSec(clock.nowSec));
  return broker.robot.runDaily(wallSec(clock.nowSec));
}

/** `[kind, days from Monday, balance]` of all but the signup. */
async function ledger(broker: Broker, handle: Handle): Promise<unknown> {
  const { entries } = await broker.credits.read(handle);
  return entries.slice(1).map(({ kind, period, balance }) => [kind, ((period ?? 0) - monday) / daySec, balance]);
}

async function addStatic(broker: Broker): Promise<{ readonly handle: Handle; readonly id: TunnelId }> {
  await addPop(broker);
  const handle = await addAccount(broker);
  const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "6in4", staticEndpoint: ipv4("198.51.100.7") });
  return { handle, id };
}

export function testRobot(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings: { credits } });
  const testLenient = inWorld(openFreshStore, { settings: { credits: { ...credits, disableDeadStatic: false } } });
  const testOff = inWorld(openFreshStore);

  test("a week in which each day had an answer earns, once, also when the robot runs often", async (world) => {
    const { broker } = world;
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    await live(world, id, "++++++++++++++.+++++++");
    assert.deepEqual(await ledger(broker, handle), [
      ["good-week", 0, 30],
      ["good-week", 7, 35],
    ]);
    assert.deepEqual(
      await Promise.all([runAt(world, 21.5), runAt(world, 21.5)]),
      Array(2).fill({ goodWeeks: 0, deadDays: 0, deadWeeks: 0, disabled: 0 }),
    );
  });

  test("a week is credited later when the broker was away as it ended", async (world) => {
    const { broker, clock } = world;
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    for (let day = 0; day < 7; day += 1) {
      clock.nowSec = monday + day * daySec + 600;
      const figures = { sent: 1, received: 1, minMs: 5, avgMs: 5, maxMs: 5 };
      await broker.states.observe(pop, [{ kind: "latency", tunnel: id, at: wallSec(clock.nowSec), ...figures }]);
    }
    assert.equal((await runAt(world, 20)).goodWeeks, 1);
    assert.deepEqual(await ledger(broker, handle), [["good-week", 0, 30]]);
  });

  test("a dead static endpoint costs each day, and after a week it is disabled and its owner told", async (world) => {
    const { broker } = world;
    const { handle, id } = await addStatic(broker);
    const { revision } = await broker.states.snapshot(pop);
    await live(world, id, "+xxxxxxx");
    assert.equal((await broker.tunnels.get(id)).adminState, "enabled", "the seventh day is not over");
    assert.deepEqual(await runAt(world, 8.5), { goodWeeks: 0, deadDays: 1, deadWeeks: 1, disabled: 1 });
    assert.equal((await broker.tunnels.get(id)).adminState, "disabled");
    assert.equal((await broker.states.snapshot(pop)).revision, revision + 1);
    assert.equal((await broker.credits.read(handle)).balance, 25 - 7 * 5 - 50);
    const event = (await broker.events.list()).at(-1);
    assert.deepEqual(
      [event?.kind, event?.tunnel, event?.detail],
      ["tunnel.disabled", id, "its static endpoint did not answer for seven days"],
    );
    assert.deepEqual(await runAt(world, 9.5), { goodWeeks: 0, deadDays: 0, deadWeeks: 0, disabled: 0 });
    await broker.tunnels.setAdminState(id, "enabled");
    assert.equal((await runAt(world, 10.5)).disabled, 0, "what staff enabled again stays");
  });

  testLenient("without disabling, a second dead week costs again and no day twice", async (world) => {
    const { handle, id } = await addStatic(world.broker);
    await live(world, id, "xxxxxxxxxxxxxxx");
    assert.equal((await world.broker.credits.read(handle)).balance, 25 - 14 * 5 - 2 * 50);
    assert.equal((await world.broker.tunnels.get(id)).adminState, "enabled");
  });

  test("no penalty for dynamic tunnels, for disabled ones, for days that nobody measured, or while the PoP is down", async (world) => {
    const { broker } = world;
    const { handle, id } = await addStatic(broker);
    const dynamic = await broker.tunnels.add({ handle, pop, encapsulation: "heartbeat" });
    await live(world, dynamic.id, "xx");
    await live(world, id, "...x");
    await broker.pops.setState(pop, "down", "repair");
    assert.equal((await runAt(world, 4.5)).deadDays, 0);
    await broker.pops.setState(pop, "up", "");
    assert.equal((await runAt(world, 5.5)).deadDays, 0, "it was down on that day");
    await broker.tunnels.setUserState(id, "disabled");
    assert.deepEqual(await ledger(broker, handle), []);
  });

  test("what was before the plan is not judged, and every account then gets its signup", async (world) => {
    const { broker, store, clock } = world;
    const before = makeWorld(store);
    const { handle, id } = await addStatic(before.broker);
    await live(before, id, "xxxxxxx");
    clock.nowSec = before.clock.nowSec;
    assert.deepEqual(await runAt(world, 7.5), { goodWeeks: 0, deadDays: 0, deadWeeks: 0, disabled: 0 });
    assert.equal((await broker.credits.read(handle)).balance, 25);
  });

  testOff("while credits are off the robot judges nobody", async (world) => {
    const { handle, id } = await addStatic(world.broker);
    await live(world, id, "xxxxxxxxx");
    assert.equal((await world.broker.tunnels.get(id)).adminState, "enabled");
    assert.deepEqual((await world.broker.credits.read(handle)).entries, []);
  });
}
