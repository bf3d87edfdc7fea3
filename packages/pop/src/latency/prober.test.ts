import assert from "node:assert/strict";
import test from "node:test";
import type { DataPlane, PlaneLatency } from "@tombolo/dataplane";
import { HandTimers } from "../../test/by-hand.ts";
import { PlayedPlane } from "../../test/played-plane.ts";
import { LatencyProber } from "./prober.ts";

const answered: PlaneLatency = { sent: 1, received: 1, minMs: 7, avgMs: 7, maxMs: 7 };

function makeWorld(live: readonly number[]) {
  const timers = new HandTimers();
  const plane = new PlayedPlane();
  const rounds: { readonly number: number; readonly latency: PlaneLatency }[] = [];
  const world = { timers, plane, rounds, open: plane as DataPlane | undefined, unanswered: new Set<number>() };
  const prober = new LatencyProber({
    timers,
    wall: timers,
    live: () => live,
    plane: () => world.open,
    unanswered: (number) => world.unanswered.has(number),
    onRound: (number, latency) => void rounds.push({ number, latency }),
  });
  return { ...world, world, prober };
}

test("each of 50,000 live tunnels is asked once a minute, and no second asks more than a sixtieth of them", async () => {
  const live = Array.from({ length: 50_000 }, (_, i) => i + 1);
  const { timers, plane, prober } = makeWorld(live);
  prober.start();
  let most = 0;
  for (let second = 0; second < 60; second += 1) {
    const before = plane.pinged.length;
    await timers.pass(1000);
    most = Math.max(most, plane.pinged.length - before);
  }
  prober.stop();
  assert.deepEqual(plane.pinged, live);
  assert.equal(most, 834);
});

test("a single tunnel is asked once a minute too", async () => {
  const { timers, plane, prober } = makeWorld([5]);
  prober.start();
  await timers.pass(180_000);
  prober.stop();
  assert.deepEqual(plane.pinged, [5, 5, 5]);
});

test("answers are read when their time is over; a tunnel that was passed over has no round", async () => {
  const { timers, plane, rounds, prober } = makeWorld([1, 2]);
  plane.latencies.set(1, answered);
  prober.start();
  await timers.pass(30_000);
  assert.deepEqual(rounds, []);
  await timers.pass(41_000);
  prober.stop();
  assert.deepEqual(rounds, [{ number: 1, latency: answered }]);
});

test("a static endpoint that the data plane asks in vain has lost its round", async () => {
  const { timers, rounds, prober, world } = makeWorld([1]);
  world.unanswered.add(1);
  prober.start();
  await timers.pass(71_000);
  prober.stop();
  assert.deepEqual(rounds, [{ number: 1, latency: { sent: 1, received: 0, minMs: 0, avgMs: 0, maxMs: 0 } }]);
});

test("nothing is read from a data plane that took the place of the one asked, and nothing is asked after the end", async () => {
  const { timers, plane, rounds, prober, world } = makeWorld([1]);
  plane.latencies.set(1, answered);
  prober.start();
  await timers.pass(60_000);
  world.open = new PlayedPlane();
  await timers.pass(11_000);
  prober.stop();
  await timers.pass(120_000);
  assert.deepEqual([plane.pinged, rounds], [[1], []]);
});
