import assert from "node:assert/strict";
import test from "node:test";
import { makeSeededRandom } from "@tombolo/base";
import { HandTimers, makeTestLog, settle } from "../../test/by-hand.ts";
import { PlayedBroker } from "../../test/played-broker.ts";
import { makeTestTunnel, testPop } from "../../test/states.ts";
import { StateAssembler, type StateEvent } from "../state/assembler.ts";
import { encodeStateLine, type StateLine } from "../state/codec.ts";
import { followState, stallMs } from "./client.ts";

function follow(t: { after(done: () => Promise<void>): void }) {
  const broker = new PlayedBroker();
  const timers = new HandTimers();
  const assembler = new StateAssembler(100);
  const events: StateEvent[] = [];
  const { log, events: logged } = makeTestLog();
  const stop = new AbortController();
  const door = { fetch: broker.fetch, url: "http://broker", token: "secret-token-of-a-pop" };
  const ended = followState(
    { door, assembler, timers, random: makeSeededRandom(1), log, onEvent: (event) => void events.push(event) },
    stop.signal,
  );
  t.after(async () => {
    stop.abort();
    await ended;
  });
  return { broker, timers, assembler, events, logged, stop, ended };
}

const snapshot: readonly StateLine[] = [
  { type: "snapshot", revision: 5, pop: testPop },
  { type: "tunnel", tunnel: makeTestTunnel(1) },
  { type: "end", revision: 5 },
];

test("a PoP that holds nothing asks for everything, and shows its token", async (t) => {
  const { broker, assembler, events } = follow(t);
  await settle();
  assert.deepEqual(broker.requests, [{ method: "GET", url: "http://broker/pop/v1/state", authorization: "Bearer secret-token-of-a-pop" }]);
  broker.send(...snapshot);
  await settle();
  assert.deepEqual(events, [{ kind: "snapshot" }]);
  assert.equal(assembler.held?.tunnels.size, 1);
});

test("a stream that ends is taken up again from the held revision", async (t) => {
  const { broker, timers, assembler } = follow(t);
  await settle();
  broker.send(...snapshot, { type: "change", revision: 6, change: { kind: "removed", id: "T1" } });
  await settle();
  broker.end();
  await timers.pass(1000);
  assert.equal(broker.requests.length, 2);
  assert.equal(broker.requests[1]?.url, "http://broker/pop/v1/state?since=6");
  assert.equal(assembler.held?.revision, 6);
});

test("a snapshot cut in the middle leaves the old state, and the next stream starts clean", async (t) => {
  const { broker, timers, assembler, events } = follow(t);
  await settle();
  broker.send(...snapshot);
  await settle();
  broker.end();
  await timers.pass(1000);
  broker.send({ type: "snapshot", revision: 9, pop: testPop }, { type: "tunnel", tunnel: makeTestTunnel(2) });
  await settle();
  broker.end();
  await timers.pass(1000);
  assert.deepEqual([...(assembler.held?.tunnels.keys() ?? [])], ["T1"]);
  broker.send({ type: "snapshot", revision: 9, pop: testPop }, { type: "tunnel", tunnel: makeTestTunnel(2) }, { type: "end", revision: 9 });
  await settle();
  assert.deepEqual([...(assembler.held?.tunnels.keys() ?? [])], ["T2"]);
  assert.equal(events.length, 2);
});

test("a stream on which nothing comes is given up, and a keep-alive is enough to hold it", async (t) => {
  const { broker, timers, logged } = follow(t);
  await settle();
  broker.send(...snapshot);
  for (let i = 0; i < 10; i += 1) {
    await timers.pass(15_000);
    broker.send({ type: "keepalive" });
    await settle();
  }
  assert.equal(broker.requests.length, 1);
  await timers.pass(stallMs - 1);
  assert.equal(broker.requests.length, 1);
  await timers.pass(1001);
  assert.equal(broker.requests.length, 2);
  assert.equal(logged.find((event) => event.event === "pop.stream.ended")?.reason, "stalled");
});

test("a line that cannot be read, or is too long, ends the stream and says why", async (t) => {
  const { broker, timers, logged, assembler } = follow(t);
  await settle();
  broker.send(...snapshot);
  await settle();
  broker.sendText('{"type":"change","revision":6,"tunnel":{"id":"T0"}}\n');
  await timers.pass(1000);
  broker.sendText("x".repeat(20_000));
  await timers.pass(2000);
  broker.sendText('{"type":"change","revision":1,"removed":"T1"}\n');
  await timers.pass(2000);
  const reasons = logged.filter((event) => event.event === "pop.stream.ended").map((event) => event.reason);
  assert.deepEqual(reasons, ["field-malformed tunnel.id", "line-too-long", "revision-went-back"]);
  assert.equal(assembler.held?.revision, 5);
});

test("while the broker refuses or cannot be reached, tries become rarer, and the state stays", async (t) => {
  const { broker, timers, logged } = follow(t);
  broker.answer = () => new Response("", { status: 401 });
  await timers.pass(0);
  broker.end();
  await timers.pass(60_000);
  const early = broker.requests.length;
  broker.answer = () => {
    throw new Error("connect ECONNREFUSED");
  };
  await timers.pass(60_000);
  assert.ok(early < 12, `${early} tries in the first minute`);
  assert.ok(broker.requests.length - early < 6, `${broker.requests.length - early} tries in the second minute`);
  const reasons = new Set(logged.filter((event) => event.event === "pop.stream.ended").map((event) => event.reason));
  assert.ok(reasons.has("token-refused") && reasons.has("connect ECONNREFUSED"));
  assert.ok(!JSON.stringify(logged).includes("secret-token"));
});

test("a snapshot that breaks off at the same line each time is asked for more and more rarely", async (t) => {
  const { broker, timers, logged } = follow(t);
  const begun = snapshot.slice(0, 2).map((line) => `${encodeStateLine(line)}\n`);
  broker.answer = () => new Response(`${begun.join("")}rubbish\n`);
  await timers.pass(120_000);
  assert.ok(broker.requests.length < 16, `${broker.requests.length} tries in two minutes`);
  broker.answer = () => new Response(snapshot.map((line) => `${encodeStateLine(line)}\n`).join(""));
  await timers.pass(30_000);
  assert.deepEqual(logged.find((event) => event.reason === "closed-by-broker")?.revision, 5);
  assert.ok(Number(logged.find((event) => event.reason === "closed-by-broker")?.["retryMs"]) <= 500);
});

test("stopping ends an open stream and a wait alike", async (t) => {
  const open = follow(t);
  await settle();
  open.stop.abort();
  await open.ended;
  const waiting = follow(t);
  waiting.broker.answer = () => new Response("", { status: 503 });
  await settle();
  waiting.stop.abort();
  await waiting.ended;
});

test("stopping ends a stream whose carrier knows nothing of the signal", async (t) => {
  const deaf = follow(t);
  deaf.broker.answer = () => new Response(new ReadableStream<Uint8Array>());
  await settle();
  deaf.broker.end();
  await deaf.timers.pass(1000);
  assert.equal(deaf.broker.requests.length, 2);
  deaf.stop.abort();
  await deaf.ended;
});
