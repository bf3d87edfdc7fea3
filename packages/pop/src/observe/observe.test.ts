import assert from "node:assert/strict";
import test from "node:test";
import { makeIpv4, makeSeededRandom, wallSec } from "@tombolo/base";
import { HandTimers, makeTestLog } from "../../test/by-hand.ts";
import { PlayedBroker } from "../../test/played-broker.ts";
import { PlayedPlane } from "../../test/played-plane.ts";
import { makeTestTunnel } from "../../test/states.ts";
import { makePlaneTunnel } from "../reconcile/plane-tunnel.ts";
import { ObservationCollector, roundsMax } from "./collector.ts";
import { observationBatchMax } from "./observation.ts";
import { gatherMs, ObservationReporter } from "./reporter.ts";

const at = wallSec(1_700_000_000);
const endpoint = (port: number) => ({ ipv4: makeIpv4(0xc633_6407), port });

function makeReporter() {
  const broker = new PlayedBroker();
  const timers = new HandTimers();
  const collector = new ObservationCollector();
  const { log, names } = makeTestLog();
  const door = { fetch: broker.fetch, url: "http://broker", token: "secret-token-of-a-pop" };
  return {
    broker,
    timers,
    collector,
    names,
    reporter: new ObservationReporter({ door, collector, timers, random: makeSeededRandom(1), log }),
  };
}

test("moves within a moment travel together, the newest of each tunnel", async () => {
  const { broker, timers, collector, reporter } = makeReporter();
  for (const port of [1, 2, 3]) {
    collector.moved(1001, endpoint(port), at);
    reporter.wake();
    await timers.pass(gatherMs / 4);
  }
  collector.moved(1002, endpoint(9), at);
  assert.equal(broker.batches.length, 0);
  await timers.pass(gatherMs);
  assert.deepEqual(broker.batches, [
    {
      observations: [
        { kind: "endpoint", tunnel: "T1001", ipv4: "198.51.100.7", port: 3, at },
        { kind: "endpoint", tunnel: "T1002", ipv4: "198.51.100.7", port: 9, at },
      ],
    },
  ]);
  assert.equal(collector.size, 0);
});

test("what the broker did not take is sent again, and nothing is lost or kept twice", async () => {
  const { broker, timers, collector, reporter, names } = makeReporter();
  broker.takeBatch = () => new Response("", { status: 503 });
  collector.moved(1001, endpoint(1), at);
  reporter.wake();
  await timers.pass(120_000);
  collector.moved(1001, endpoint(2), at);
  assert.equal(collector.size, 1);
  const tries = broker.requests.length;
  assert.ok(tries >= 4 && tries < 20, `${tries} tries`);
  assert.equal(names().filter((name) => name === "pop.observations.waiting").length, 1);
  broker.takeBatch = () => Response.json({});
  await timers.pass(30_000);
  assert.deepEqual(
    broker.batches.map((batch) => batch.observations.map((item) => item["port"])),
    [[2]],
  );
});

test("a batch that the broker will never take does not hold up the next", async () => {
  const { broker, timers, collector, reporter, names } = makeReporter();
  broker.takeBatch = () => new Response("", { status: 400 });
  collector.moved(1001, endpoint(1), at);
  reporter.wake();
  await timers.pass(gatherMs);
  assert.equal(collector.size, 0);
  assert.ok(names().includes("pop.observations.refused"));
});

test("many are sent in several batches, moves first", async () => {
  const { broker, timers, collector, reporter } = makeReporter();
  const plane = new PlayedPlane();
  for (let n = 1; n <= observationBatchMax + 10; n += 1) {
    plane.set(makePlaneTunnel(makeTestTunnel(n), undefined));
    plane.seen.set(n, { inPackets: n });
  }
  await collector.sweep(plane, plane.tunnels.keys(), at);
  collector.moved(7, endpoint(1), at);
  reporter.wake();
  await timers.pass(10 * gatherMs);
  assert.deepEqual(
    broker.batches.map((batch) => batch.observations.length),
    [observationBatchMax, 11],
  );
  assert.equal(broker.batches[0]?.observations[0]?.["kind"], "endpoint");
});

test("a sweep reports only what changed since the last one", async () => {
  const collector = new ObservationCollector();
  const plane = new PlayedPlane();
  for (const n of [1, 2]) plane.set(makePlaneTunnel(makeTestTunnel(n), undefined));
  await collector.sweep(plane, [1, 2], at);
  assert.equal(collector.size, 0);
  plane.seen.set(2, { inPackets: 3, inBytes: 300, lastSeenAt: at });
  await collector.sweep(plane, [1, 2, 3], at);
  const batch = collector.batch(10);
  assert.deepEqual(batch, [
    { kind: "seen", tunnel: "T2", at },
    { kind: "counters", tunnel: "T2", at, inPackets: 3, inBytes: 300, outPackets: 0, outBytes: 0, drops: 0 },
  ]);
  collector.taken(batch);
  await collector.sweep(plane, [1, 2], at);
  assert.equal(collector.size, 0);
});

test("a sweep that a new data plane overtakes ends there, so that nothing is counted twice", async () => {
  const collector = new ObservationCollector();
  const plane = new PlayedPlane();
  const numbers = Array.from({ length: 5000 }, (_, i) => i + 1);
  for (const n of numbers) {
    plane.set(makePlaneTunnel(makeTestTunnel(n), undefined));
    plane.seen.set(n, { inPackets: 3 });
  }
  await collector.sweep(plane, numbers, at);
  const overtaken = collector.sweep(plane, numbers, at);
  collector.planeOpened();
  await overtaken;
  const told = collector.batch(numbers.length);
  assert.equal(told.length, numbers.length);
  assert.ok(told.every((item) => item.kind === "counters" && item.inPackets === 3));
});

test("what is replaced while it travels is sent again", () => {
  const collector = new ObservationCollector();
  collector.moved(1, endpoint(1), at);
  const travelling = collector.batch(10);
  collector.moved(1, endpoint(2), at);
  collector.taken(travelling);
  assert.equal(collector.size, 1);
  collector.forget(1);
  assert.equal(collector.size, 0);
});

test("closing hands over what is waiting, and gives up when the broker is away", async () => {
  const { broker, collector, reporter } = makeReporter();
  collector.moved(1, endpoint(1), at);
  await reporter.close();
  assert.equal(broker.batches.length, 1);
  const away = makeReporter();
  away.broker.takeBatch = () => {
    throw new Error("connect ECONNREFUSED");
  };
  away.collector.moved(1, endpoint(1), at);
  await away.reporter.close();
  assert.equal(away.collector.size, 1);
});

test("every latency round is sent, once, and the oldest go when the broker is away for long", () => {
  const collector = new ObservationCollector();
  const round = { sent: 1, received: 1, minMs: 3, avgMs: 3, maxMs: 3 };
  collector.round(1, round, wallSec(1));
  collector.round(1, round, wallSec(2));
  const batch = collector.batch(10);
  assert.deepEqual(batch, [
    { kind: "latency", tunnel: "T1", at: 1, ...round },
    { kind: "latency", tunnel: "T1", at: 2, ...round },
  ]);
  collector.taken(batch);
  assert.equal(collector.size, 0);
  for (let i = 0; i <= roundsMax; i += 1) collector.round(1, round, wallSec(i));
  assert.equal(collector.size, roundsMax);
  assert.equal(collector.batch(1)[0]?.at, 1);
});
