import assert from "node:assert/strict";
import { wallSec } from "@tombolo/base";
import type { Broker, LatencyStep, Observation, TunnelId } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, startSec } from "../world.ts";
import { inWorld } from "./in-world.ts";

const pop = "nlams01";
const daySec = 86_400;
/** Midnight before the world begins. */
const midnight = startSec - (startSec % daySec);
const settings = { latencyKeptSec: { "5min": 2 * daySec, hour: 4 * daySec, day: 8 * daySec } };

function round(tunnel: TunnelId, at: number, ...ms: readonly number[]): Observation {
  const [minMs, avgMs, maxMs] = [Math.min(...ms), ms.reduce((a, b) => a + b, 0) / ms.length, Math.max(...ms)];
  const figures = ms.length === 0 ? { minMs: 0, avgMs: 0, maxMs: 0 } : { minMs, avgMs, maxMs };
  return { kind: "latency", tunnel, at: wallSec(at), sent: 3, received: ms.length, ...figures };
}

async function addTunnel(broker: Broker): Promise<TunnelId> {
  await addPop(broker);
  return (await broker.tunnels.add({ handle: await addAccount(broker), pop, encapsulation: "ayiya" })).id;
}

/** `[seconds after midnight, sent, received, min, avg, max]` of each point. */
async function read(broker: Broker, tunnel: TunnelId, step: LatencyStep): Promise<unknown> {
  const points = await broker.latency.read({ tunnel, from: wallSec(0), to: wallSec(2 ** 40), step });
  return points.map(({ at, sent, received, ms }) => [at - midnight, sent, received, ...(ms === undefined ? [] : [ms.min, ms.avg, ms.max])]);
}

export function testLatency(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings });

  test("rounds of five minutes are one row: sums, least, most and the true mean", async ({ broker, clock }) => {
    const id = await addTunnel(broker);
    clock.nowSec = midnight + 3_600;
    const told = await broker.states.observe(pop, [
      round(id, midnight + 60, 10, 20, 30),
      round(id, midnight + 0),
      round(id, midnight + 120, 5.125),
      round(id, midnight + 299),
      round(id, midnight + 300, 7, 7, 7),
    ]);
    assert.deepEqual(told, { taken: 5, refused: 0 });
    assert.deepEqual(await read(broker, id, "5min"), [
      [0, 12, 4, 5.125, 16.281, 30],
      [300, 3, 3, 7, 7, 7],
    ]);
    const part = { tunnel: id, from: wallSec(midnight + 300), to: wallSec(midnight + 600), step: "5min" } as const;
    assert.equal((await broker.latency.read(part)).length, 1);
    assert.deepEqual(await broker.latency.read({ ...part, to: part.from }), []);
    assert.deepEqual(await broker.latency.read({ ...part, tunnel: "Tx" as "T1" }), []);
    assert.deepEqual(await broker.latency.read({ ...part, tunnel: "T99" }), []);
  });

  test("a batch that comes twice, in part or whole, counts once", async ({ broker, clock }) => {
    const id = await addTunnel(broker);
    clock.nowSec = midnight + 3_600;
    const [one, two, three] = [round(id, midnight + 10, 1), round(id, midnight + 70, 2), round(id, midnight + 130, 3)];
    await broker.states.observe(pop, [one, two]);
    await broker.states.observe(pop, [one, two]);
    await broker.states.observe(pop, [two, three, three]);
    assert.deepEqual(await read(broker, id, "5min"), [[0, 9, 3, 1, 2, 3]]);
  });

  test("five minutes fold into hours and hours into days, and what comes late is folded again", async ({ broker, clock }) => {
    const id = await addTunnel(broker);
    clock.nowSec = midnight + 4 * 3_600;
    const now = () => wallSec(clock.nowSec);
    await broker.states.observe(pop, [
      round(id, midnight + 60, 10),
      round(id, midnight + 1_860, 20, 40),
      round(id, midnight + 3_660),
      round(id, midnight + 7_200, 4),
    ]);
    assert.deepEqual(await broker.robot.rollUp(now()), { folded: 4 + 3, forgotten: 0 });
    assert.deepEqual(await read(broker, id, "hour"), [
      [0, 6, 3, 10, 23.333, 40],
      [3_600, 3, 0],
      [7_200, 3, 1, 4, 4, 4],
    ]);
    assert.deepEqual(await read(broker, id, "day"), [[0, 12, 4, 4, 18.5, 40]]);
    assert.deepEqual(await broker.robot.rollUp(now()), { folded: 0, forgotten: 0 }, "nothing new, nothing to do");
    await broker.states.observe(pop, [round(id, midnight + 3_720, 1, 1)]);
    await broker.robot.rollUp(now());
    assert.deepEqual(await read(broker, id, "day"), [[0, 15, 6, 1, 12.667, 40]]);
  });

  test("each step is kept for its time and no longer, however long the tunnel lives", async ({ broker, store, clock }) => {
    const id = await addTunnel(broker);
    for (let day = 0; day < 12; day += 1) {
      for (const second of [60, 43_200]) {
        clock.nowSec = midnight + day * daySec + second;
        await broker.states.observe(pop, [round(id, clock.nowSec, 9)]);
      }
      clock.nowSec = midnight + day * daySec + 43_500;
      await broker.robot.rollUp(wallSec(clock.nowSec));
    }
    const days = async (step: LatencyStep) => {
      const points = await broker.latency.read({ tunnel: id, from: wallSec(0), to: wallSec(2 ** 40), step });
      return [...new Set(points.map(({ at }) => Math.floor((at - midnight) / daySec)))];
    };
    assert.deepEqual(await days("5min"), [9, 10, 11]);
    assert.deepEqual(await days("hour"), [7, 8, 9, 10, 11]);
    assert.deepEqual(await days("day"), [3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const whole = await broker.latency.read({ tunnel: id, from: wallSec(0), to: wallSec(2 ** 40), step: "day" });
    assert.ok(
      whole.every(({ received }) => received === 2),
      "what was folded does not change when its parts go",
    );
    await broker.tunnels.remove(id);
    const left = await store.read(({ latency }) => latency.listUptimes({ after: undefined, from: wallSec(0), limit: 9 }));
    assert.deepEqual(left, [], "and all of it goes with the tunnel");
  });

  test("rounds that can't be, or come a day late, are refused and counted", async ({ broker, clock }) => {
    const id = await addTunnel(broker);
    const good = round(id, startSec, 5);
    assert.ok(good.kind === "latency");
    clock.nowSec = startSec + daySec;
    const told = await broker.states.observe(pop, [
      good,
      { ...good, at: wallSec(startSec - 1) },
      { ...good, received: 4 },
      { ...good, sent: 0, received: 0 },
      { ...good, received: -1 },
      { ...good, minMs: 6 },
      { ...good, avgMs: Number.NaN },
      { ...good, maxMs: Number.POSITIVE_INFINITY },
      { ...good, received: 0 },
      { ...good, tunnel: "T99" },
    ]);
    assert.deepEqual(told, { taken: 1, refused: 9 });
  });

  test("a minute of a thousand tunnels is taken and folded in bulk", async ({ broker, clock }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const tunnels = await Promise.all(Array.from({ length: 40 }, () => broker.tunnels.add({ handle, pop, encapsulation: "ayiya" })));
    clock.nowSec = midnight + 7_200;
    const rounds = tunnels.flatMap(({ id }) => Array.from({ length: 50 }, (_, i) => round(id, midnight + i * 60, i + 1)));
    assert.deepEqual(await broker.states.observe(pop, rounds), { taken: 2_000, refused: 0 });
    const { folded } = await broker.robot.rollUp(wallSec(clock.nowSec));
    assert.equal(folded, 40 * 10 + 40);
    assert.deepEqual(await read(broker, tunnels[39]?.id ?? "T1", "day"), [[0, 150, 50, 1, 25.5, 50]]);
  });
}
