import assert from "node:assert/strict";
import { test } from "node:test";
import { wallSec } from "@tombolo/base";
import { island, type Place } from "../compliance/bench.ts";
import { echoReplyTo, innerPacket } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsIn, dropsOf } from "../compliance/prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "../compliance/tunnels.ts";
import type { PlaneTunnel } from "../plane/plane.ts";

/** Heartbeat sheet section 7, and static 6in4 proven by ping before use: endpoints that something beside the tunnel tells. */
const ends = endsOf(1);
const hereIp = 0xc633_6407;
const thereIp = 0xcb00_7109;

function open(wish: Partial<PlaneTunnel> = {}): MemoryBench {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1, { encapsulation: "6in4", ...wish }));
  return bench;
}

function propose(bench: MemoryBench, place: Place, atSec = bench.clock.sec): void {
  bench.plane.propose(1, place.endpointOf("proto41"), wallSec(atSec));
}

/** The questions that went to a place since the last look. */
function questionsTo(bench: MemoryBench, ip: number): Uint8Array[] {
  return bench
    .sent()
    .filter((packet) => packet.ip === ip && packet.kind === "proto41" && packet.bytes[40] === 128)
    .map((packet) => packet.bytes);
}

function answer(bench: MemoryBench, place: 0 | 1, question: Uint8Array | undefined): void {
  assert.ok(question !== undefined, "a question was sent");
  bench.places[place].put("proto41", echoReplyTo(question));
}

function fromClient(): Uint8Array {
  return innerPacket({ source: ends.client, destination: island.host });
}

/** Where a packet of the host goes just now: 0 is nowhere. */
function follows(bench: MemoryBench): number {
  bench.sent();
  bench.wire.route(innerPacket({ source: island.host, destination: ends.client }));
  return bench.sent()[0]?.ip ?? 0;
}

/** Proven at place 0, with beats from there. */
function openProven(): MemoryBench {
  const bench = open();
  propose(bench, bench.places[0]);
  answer(bench, 0, questionsTo(bench, hereIp)[0]);
  bench.clock.pass(60);
  propose(bench, bench.places[0]);
  return bench;
}

/** The next seconds, with the ticks of the plane. */
function pass(bench: MemoryBench, seconds: number): void {
  for (let i = 0; i < seconds; i += 1) {
    bench.clock.pass(1);
    for (const { everySec, run } of bench.repeated) if (everySec === 1) run();
  }
}

test("the first message gives a tunnel its endpoint at once, capped, and the answer to the nonce proves it", () => {
  const bench = open();
  assert.equal(follows(bench), 0);
  propose(bench, bench.places[0]);
  const [question] = questionsTo(bench, hereIp);
  assert.deepEqual(bench.plane.counters(1)?.endpoint, bench.places[0].endpointOf("proto41"));
  assert.equal(bench.plane.counters(1)?.endpointProven, false);
  answer(bench, 0, question);
  assert.equal(bench.plane.counters(1)?.endpointProven, true);
  assert.deepEqual(bench.events, [{ kind: "endpoint", id: 1, endpoint: bench.places[0].endpointOf("proto41"), at: bench.clock.sec }]);
  for (let i = 0; i < 20; i += 1)
    bench.wire.route(innerPacket({ source: island.host, destination: ends.client, payload: new Uint8Array(900) }));
  assert.equal(bench.sent().length, 20);
});

test("path validation: with a live endpoint traffic stays until the new place answered the nonce, and its packets are not taken", () => {
  const bench = openProven();
  propose(bench, bench.places[1], bench.clock.sec + 1);
  const [question] = questionsTo(bench, thereIp);
  bench.places[1].put("proto41", fromClient());
  assert.deepEqual(dropsIn(bench), { "wrong-endpoint": 1 });
  assert.equal(follows(bench), hereIp);
  answer(bench, 1, question);
  assert.equal(follows(bench), thereIp);
  bench.places[1].put("proto41", fromClient());
  assert.equal(bench.delivered().length, 1);
});

test("a repeated or older time never moves the endpoint: it is not even asked", () => {
  const bench = openProven();
  propose(bench, bench.places[1], bench.clock.sec + 1);
  answer(bench, 1, questionsTo(bench, thereIp)[0]);
  bench.clock.pass(300);
  for (const atSec of [bench.clock.sec - 299, bench.clock.sec - 300, bench.clock.sec - 360]) propose(bench, bench.places[0], atSec);
  assert.deepEqual(bench.sent(), []);
  assert.equal(follows(bench), thereIp);
});

test("a copy of the present endpoint's last message, told from elsewhere, is not even asked, nor is it when the tunnel is down", () => {
  const bench = openProven();
  bench.sent();
  propose(bench, bench.places[1]);
  bench.plane.withdraw(1);
  propose(bench, bench.places[1]);
  assert.deepEqual(bench.sent(), []);
  assert.equal(bench.plane.counters(1)?.endpoint, undefined);
});

test("the nonce's answer from another place, a guessed nonce, and an answer that comes twice prove nothing", () => {
  const bench = openProven();
  propose(bench, bench.places[1], bench.clock.sec + 1);
  const [question] = questionsTo(bench, thereIp);
  answer(bench, 0, question);
  const guess = question?.slice() ?? new Uint8Array(0);
  guess[50] = (guess[50] ?? 0) ^ 1;
  answer(bench, 1, guess);
  assert.equal(follows(bench), hereIp);
  answer(bench, 1, question);
  assert.equal(follows(bench), thereIp);
  answer(bench, 1, question);
  assert.deepEqual(dropsIn(bench), { "wrong-endpoint": 1, "unasked-reply": 2 });
  assert.equal(bench.events.filter((event) => event.kind === "endpoint").length, 2);
});

test("when the old endpoint has been silent for 120 s a newer message moves traffic at once, and beats keep it from being silent", () => {
  const bench = openProven();
  bench.clock.pass(119);
  propose(bench, bench.places[1]);
  assert.equal(follows(bench), hereIp);
  bench.clock.pass(1);
  propose(bench, bench.places[1]);
  assert.deepEqual(bench.plane.counters(1)?.endpoint, bench.places[1].endpointOf("proto41"));
  assert.equal(bench.plane.counters(1)?.endpointProven, false);
});

test("at least 10 s lie between two moves: the second place is asked when they are over", () => {
  const bench = openProven();
  propose(bench, bench.places[1], bench.clock.sec + 1);
  answer(bench, 1, questionsTo(bench, thereIp)[0]);
  pass(bench, 2);
  propose(bench, bench.places[0]);
  assert.deepEqual(questionsTo(bench, hereIp), []);
  pass(bench, 7);
  assert.deepEqual(questionsTo(bench, hereIp), []);
  pass(bench, 1);
  answer(bench, 0, questionsTo(bench, hereIp)[0]);
  assert.equal(follows(bench), hereIp);
});

test("a place that does not answer is asked twice a message, and the message is forgotten", () => {
  const bench = openProven();
  propose(bench, bench.places[1], bench.clock.sec + 1);
  pass(bench, 30);
  assert.equal(questionsTo(bench, thereIp).length, 2);
  assert.deepEqual([...bench.repeated], []);
  propose(bench, bench.places[1]);
  assert.equal(questionsTo(bench, thereIp).length, 1);
});

test("an endpoint that is not proven gets at most three times what came from it, of everything together", () => {
  const bench = open();
  let received = 0;
  let sent = 0;
  for (let i = 0; i < 30; i += 1) {
    propose(bench, bench.places[0]);
    received += 85;
    if (i % 3 === 0) {
      bench.places[0].put("proto41", fromClient());
      received += fromClient().length + 20;
    }
    for (let k = 0; k < 5; k += 1)
      bench.wire.route(innerPacket({ source: island.host, destination: ends.client, payload: new Uint8Array(k) }));
    pass(bench, 60);
    for (const { bytes } of bench.sent()) sent += bytes.length + 20;
    assert.ok(sent <= 3 * received, `${sent} bytes for ${received}`);
  }
  assert.ok(sent > received);
  assert.ok((dropsOf(bench, 1)["unproven-budget"] ?? 0) > 0);
});

test("the second of two messages that name two places counts, if it is newer, and the first one's answer comes too late", () => {
  const bench = openProven();
  propose(bench, bench.places[1], bench.clock.sec + 1);
  const [question] = questionsTo(bench, thereIp);
  propose(bench, bench.places[0], bench.clock.sec + 2);
  answer(bench, 1, question);
  assert.equal(follows(bench), hereIp);
});

test("AYIYA, fixed endpoints, disabled tunnels and tunnels that are not there take no told endpoint", () => {
  const bench = open({ endpoint: new MemoryBench().places[0].endpointOf("proto41"), endpointFixed: true });
  propose(bench, bench.places[1]);
  bench.plane.set(benchTunnel(1));
  propose(bench, bench.places[1]);
  bench.plane.set(benchTunnel(1, { encapsulation: "6in4", enabled: false }));
  propose(bench, bench.places[1]);
  bench.plane.remove(1);
  propose(bench, bench.places[1]);
  bench.plane.withdraw(1);
  assert.deepEqual([bench.sent(), bench.events, [...bench.repeated]], [[], [], []]);
});

test("the state of the incoming tunnel counts: withdrawn, nothing passes either way, its counters stay, and a message brings it back", () => {
  const bench = openProven();
  bench.places[0].put("proto41", fromClient());
  bench.delivered();
  bench.sent();
  bench.plane.withdraw(1);
  bench.places[0].put("proto41", fromClient());
  bench.places[1].put("proto41", fromClient());
  bench.wire.route(innerPacket({ source: island.host, destination: ends.client }));
  assert.deepEqual(bench.sent(), []);
  const [error] = bench.delivered();
  assert.deepEqual([error?.[40], error?.[41]], [1, 0]);
  assert.deepEqual(dropsIn(bench), { "wrong-endpoint": 1, "tunnel-down": 2 });
  assert.deepEqual(dropsOf(bench, 1), { "tunnel-down": 2 });
  assert.equal(bench.plane.counters(1)?.inPackets, 1);
  assert.equal(bench.plane.counters(1)?.endpoint, undefined);
  bench.clock.pass(60);
  propose(bench, bench.places[0]);
  answer(bench, 0, questionsTo(bench, hereIp)[0]);
  assert.equal(follows(bench), hereIp);
});

test("a withdrawn AYIYA tunnel comes back with its next packet", async () => {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1));
  const end = ayiyaEnd(1, () => bench.clock.sec);
  bench.places[0].put("ayiya", end.beat());
  assert.notEqual(bench.plane.counters(1)?.endpoint, undefined);
  bench.plane.withdraw(1);
  assert.equal(follows(bench), 0);
  bench.clock.pass(60);
  bench.places[0].put("ayiya", end.beat());
  assert.deepEqual(bench.plane.counters(1)?.endpoint, bench.places[0].endpointOf("ayiya"));
  await bench.close();
});

test("static 6in4 is proven by ping before use: nothing but questions goes there, ever more slowly, until the nonce came back", () => {
  const bench = new MemoryBench();
  const tunnel = benchTunnel(1, {
    encapsulation: "6in4",
    endpoint: bench.places[0].endpointOf("proto41"),
    endpointFixed: true,
    proveFixed: true,
  });
  bench.plane.set(tunnel);
  const asked: number[] = questionsTo(bench, hereIp).map(() => 0);
  let last: Uint8Array | undefined;
  for (let second = 1; second <= 240; second += 1) {
    pass(bench, 1);
    for (const question of questionsTo(bench, hereIp)) {
      asked.push(second);
      last = question;
    }
  }
  assert.deepEqual(asked, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
  assert.equal(follows(bench), 0);
  bench.places[0].put("proto41", fromClient());
  assert.deepEqual(dropsOf(bench, 1), { "tunnel-down": 2 });
  answer(bench, 0, last);
  assert.equal(follows(bench), hereIp);
  assert.deepEqual(
    bench.events.map(({ kind }) => kind),
    ["endpoint"],
  );
  bench.plane.set({ ...tunnel, mtuBytes: 1400 });
  assert.equal(follows(bench), hereIp, "other settings need no new proof");
  bench.plane.set({ ...tunnel, endpoint: bench.places[1].endpointOf("proto41") });
  assert.equal(follows(bench), 0, "another endpoint does");
});

test("a static endpoint that died is asked on once a minute, and comes back by itself", () => {
  const bench = new MemoryBench();
  bench.plane.set(
    benchTunnel(1, { encapsulation: "6in4", endpoint: bench.places[0].endpointOf("proto41"), endpointFixed: true, proveFixed: true }),
  );
  answer(bench, 0, questionsTo(bench, hereIp)[0]);
  bench.plane.withdraw(1);
  assert.equal(follows(bench), 0);
  pass(bench, 59);
  assert.deepEqual(questionsTo(bench, hereIp), []);
  pass(bench, 1);
  answer(bench, 0, questionsTo(bench, hereIp)[0]);
  assert.equal(follows(bench), hereIp);
  pass(bench, 1);
  assert.deepEqual([...bench.repeated], []);
});
