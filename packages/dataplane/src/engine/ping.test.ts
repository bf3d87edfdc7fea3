import assert from "node:assert/strict";
import { test } from "node:test";
import { echoReplyTo } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsOf } from "../compliance/prove.ts";
import { benchTunnel, endsOf } from "../compliance/tunnels.ts";
import type { PlaneTunnel } from "../plane/plane.ts";

/** SixXS service sheet section 8: an echo request from ::1 to ::2, with a magic number, answered within 10 s, on the same tunnel. */
function open(wish: Partial<PlaneTunnel> = {}): MemoryBench {
  const bench = new MemoryBench();
  const endpoint = bench.places[0].endpointOf("udp");
  bench.plane.set(benchTunnel(1, { encapsulation: "udp", endpoint, endpointFixed: true, ...wish }));
  return bench;
}

function asked(bench: MemoryBench): Uint8Array[] {
  return bench.sent().map((packet) => packet.bytes);
}

function replyTo(ping: Uint8Array | undefined): Uint8Array {
  assert.ok(ping !== undefined, "a ping was sent");
  return echoReplyTo(ping);
}

test("a ping that is answered says how long it took, and is counted", () => {
  const bench = open();
  bench.plane.ping(1);
  const [ping] = asked(bench);
  assert.deepEqual(ping?.slice(8, 40), Uint8Array.of(...addressBytes("pop"), ...addressBytes("client")));
  bench.clock.ms += 42.5;
  bench.places[0].put("udp", replyTo(ping));
  assert.deepEqual(bench.events, [{ kind: "pong", id: 1, rttMs: 42.5, sequence: 0 }]);
  assert.deepEqual(bench.plane.latency(1), { sent: 1, received: 1, minMs: 42.5, avgMs: 42.5, maxMs: 42.5 });
  assert.equal(bench.plane.latency(1), undefined);
});

function addressBytes(end: "pop" | "client"): readonly number[] {
  const { value } = endsOf(1)[end];
  return Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * (15 - i))) & 0xffn));
}

test("many tunnels in one message make no events, and min, avg, max and loss come out right", () => {
  const bench = open();
  bench.plane.set(benchTunnel(2, { encapsulation: "udp", endpoint: bench.places[0].endpointOf("udp"), endpointFixed: true }));
  for (const ms of [10, 20, 60]) {
    bench.plane.pingMany([1, 2, 77]);
    const pings = asked(bench);
    assert.equal(pings.length, 2);
    bench.clock.ms += ms;
    bench.places[0].put("udp", replyTo(pings[0]));
  }
  bench.clock.pass(11);
  assert.deepEqual(bench.plane.latency(1), { sent: 3, received: 3, minMs: 10, avgMs: 30, maxMs: 60 });
  assert.deepEqual(bench.plane.latency(2), { sent: 3, received: 0, minMs: 0, avgMs: 0, maxMs: 0 });
  assert.deepEqual(bench.events, []);
  assert.equal(bench.plane.latency(77), undefined);
});

test("what is under way at a look is left to the next one, so that nothing is received that was not sent", () => {
  const bench = open();
  bench.plane.pingMany([1]);
  const [ping] = asked(bench);
  assert.equal(bench.plane.latency(1), undefined);
  bench.clock.ms += 5;
  bench.places[0].put("udp", replyTo(ping));
  assert.deepEqual(bench.plane.latency(1), { sent: 1, received: 1, minMs: 5, avgMs: 5, maxMs: 5 });
});

test("at most four are under way, and after ten seconds an answer counts no more", () => {
  const bench = open();
  for (let i = 0; i < 6; i += 1) bench.plane.pingMany([1]);
  const pings = asked(bench);
  assert.equal(pings.length, 4);
  bench.clock.ms += 10_000;
  bench.places[0].put("udp", replyTo(pings[3]));
  bench.clock.ms += 1;
  bench.places[0].put("udp", replyTo(pings[0]));
  assert.deepEqual(dropsOf(bench, 1), { "unasked-reply": 1 });
  bench.plane.pingMany([1]);
  assert.equal(asked(bench).length, 1);
  bench.clock.pass(11);
  const latency = bench.plane.latency(1);
  assert.deepEqual([latency?.sent, latency?.received], [5, 1]);
});

test("answers in another order are told apart by their sequence", () => {
  const bench = open();
  for (let i = 0; i < 3; i += 1) bench.plane.ping(1);
  const pings = asked(bench);
  for (const i of [2, 0, 1]) bench.places[0].put("udp", replyTo(pings[i]));
  assert.deepEqual(
    bench.events.map((event) => event.kind === "pong" && event.sequence),
    [2, 0, 1],
  );
});

test("a copy of an answer, a guessed magic, an answer from another inner address or for another tunnel, and one from elsewhere count for nothing", () => {
  const bench = open();
  const endpoint = bench.places[0].endpointOf("udp");
  bench.plane.set(benchTunnel(2, { encapsulation: "udp", endpoint, endpointFixed: true }));
  bench.plane.pingMany([1]);
  const [ping] = asked(bench);
  const reply = replyTo(ping);
  const guess = ping?.slice() ?? new Uint8Array(0);
  guess[50] = (guess[50] ?? 0) ^ 1;
  bench.places[0].put("udp", replyTo(guess));
  const fromSite = ping?.slice() ?? new Uint8Array(0);
  fromSite.set(Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0x80, 0x01, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0), 24);
  bench.places[0].put("udp", replyTo(fromSite));
  const ofOther = ping?.slice() ?? new Uint8Array(0);
  ofOther[15] = 2;
  ofOther[31] = 2;
  bench.places[0].put("udp", replyTo(ofOther));
  bench.places[1].put("udp", reply);
  assert.equal(bench.plane.latency(1), undefined);
  bench.places[0].put("udp", reply);
  bench.places[0].put("udp", reply);
  const latency = bench.plane.latency(1);
  assert.deepEqual([latency?.sent, latency?.received], [1, 1]);
  assert.equal(bench.plane.totals().drops["wrong-endpoint"], 1);
  assert.ok((dropsOf(bench, 1)["unasked-reply"] ?? 0) >= 2);
});

test("tunnels that are down, disabled or have used up what they may get are passed over", () => {
  for (const wish of [{ enabled: false }, { endpoint: undefined }]) {
    const bench = open(wish);
    bench.plane.pingMany([1]);
    assert.deepEqual(asked(bench), []);
    assert.equal(bench.plane.latency(1), undefined);
  }
});

test("a slot's next tunnel starts without pings", () => {
  const bench = new MemoryBench({ capacity: 1 });
  const endpoint = bench.places[0].endpointOf("udp");
  bench.plane.set(benchTunnel(1, { encapsulation: "udp", endpoint, endpointFixed: true }));
  bench.plane.pingMany([1]);
  bench.plane.remove(1);
  bench.plane.set(benchTunnel(2, { encapsulation: "udp", endpoint, endpointFixed: true }));
  bench.clock.pass(20);
  assert.equal(bench.plane.latency(2), undefined);
});
