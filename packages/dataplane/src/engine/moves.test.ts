import assert from "node:assert/strict";
import { test } from "node:test";
import { containsAddress } from "@tombolo/base";
import { ayiyaHeaderBytes, decodeIpv6Header } from "@tombolo/protocols";
import type { AyiyaEnd } from "../compliance/ayiya-end.ts";
import { island } from "../compliance/bench.ts";
import { echoReplyTo, echoRequest, innerPacket } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsIn, dropsOf, prove } from "../compliance/prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "../compliance/tunnels.ts";
import type { PlaneTunnel } from "../plane/plane.ts";

/** AYIYA sheet section 11: what makes an endpoint move, and what an unproven one may get. */
const ends = endsOf(1);
const hereIp = 0xc633_6407;
const thereIp = 0xcb00_7109;
/** IPv4 and UDP headers. */
const outerBytes = 28;

function open(wish: Partial<PlaneTunnel> = {}): { bench: MemoryBench; end: AyiyaEnd } {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1, wish));
  return { bench, end: ayiyaEnd(1, () => bench.clock.sec) };
}

async function openProven(): Promise<{ bench: MemoryBench; end: AyiyaEnd }> {
  const opened = open();
  await prove(opened.bench, opened.bench.places[0], opened.end, 1);
  opened.bench.clock.pass(5);
  return opened;
}

/** Where a packet of the host goes just now: 0 is nowhere. */
async function follows(bench: MemoryBench): Promise<number> {
  bench.sent();
  await bench.host.send(ends.client, 9, Uint8Array.of(1));
  const sent = bench.sent();
  assert.ok(sent.length <= 1);
  return sent[0]?.ip ?? 0;
}

/** The plane's question among what it sent to a place. */
function probeTo(bench: MemoryBench, end: AyiyaEnd, ip: number): Uint8Array | undefined {
  const probes = bench
    .sent()
    .filter((packet) => packet.ip === ip)
    .map((packet) => end.open(packet.bytes)?.payload ?? new Uint8Array(0));
  return probes.find((payload) => {
    const header = decodeIpv6Header(payload);
    return header.ok && header.value.nextHeader === 58 && payload[40] === 128 && containsAddress(island.pool, header.value.source);
  });
}

test("a packet signed right from a new address moves nothing before the nonce came back from there", async () => {
  const { bench, end } = await openProven();
  bench.places[1].put("ayiya", end.beat());
  const probe = probeTo(bench, end, thereIp);
  assert.ok(probe !== undefined);
  assert.equal(await follows(bench), hereIp);
  bench.places[1].put("ayiya", end.forward(echoReplyTo(probe)));
  assert.equal(await follows(bench), thereIp);
  assert.equal(bench.plane.counters(1)?.endpointProven, true);
  assert.deepEqual(bench.events.at(-1), { kind: "endpoint", id: 1, endpoint: bench.places[1].endpointOf("ayiya"), at: bench.clock.sec });
});

test("meanwhile the new address's packets are carried already", async () => {
  const { bench, end } = await openProven();
  bench.places[1].put("ayiya", end.forward(innerPacket({ source: ends.client, destination: island.host })));
  assert.equal(bench.delivered().length, 1);
});

test("a ping from the new address is answered there, while traffic stays with the old one", async () => {
  const { bench, end } = await openProven();
  const ping = echoRequest({ source: ends.client, destination: ends.pop, identifier: 7, sequence: 1, payload: new Uint8Array(8) });
  bench.places[1].put("ayiya", end.forward(ping));
  const answers = bench.sent().filter((packet) => end.open(packet.bytes)?.payload[40] === 129);
  assert.deepEqual(
    answers.map((packet) => packet.ip),
    [thereIp],
  );
  assert.equal(await follows(bench), hereIp);
});

test("the nonce that comes back from another place than it was sent to proves nothing", async () => {
  const { bench, end } = await openProven();
  bench.places[1].put("ayiya", end.beat());
  const probe = probeTo(bench, end, thereIp);
  assert.ok(probe !== undefined);
  bench.places[0].put("ayiya", end.forward(echoReplyTo(probe)));
  assert.equal(await follows(bench), hereIp);
  assert.deepEqual(dropsOf(bench, 1), { "unasked-reply": 1 });
});

test("a nonce proves once, and a guessed one never", async () => {
  const { bench, end } = await openProven();
  bench.places[1].put("ayiya", end.beat());
  const probe = probeTo(bench, end, thereIp);
  assert.ok(probe !== undefined);
  const guess = probe.slice();
  guess[50] = (guess[50] ?? 0) ^ 1;
  bench.places[1].put("ayiya", end.forward(echoReplyTo(guess)));
  assert.equal(await follows(bench), hereIp);
  bench.places[1].put("ayiya", end.forward(echoReplyTo(probe)));
  assert.equal(await follows(bench), thereIp);
  bench.places[1].put("ayiya", end.forward(echoReplyTo(probe)));
  assert.equal(dropsOf(bench, 1)["unasked-reply"], 2);
});

test("a replay from elsewhere never moves the endpoint, however often it is played", async () => {
  const { bench, end } = await openProven();
  const captured = end.forward(innerPacket({ source: ends.client, destination: island.host }));
  bench.places[0].put("ayiya", captured);
  bench.clock.pass(1);
  for (let i = 0; i < 20; i += 1) {
    bench.places[1].put("ayiya", captured);
    bench.clock.pass(3);
    bench.places[0].put("ayiya", end.beat());
  }
  assert.equal(await follows(bench), hereIp);
});

test("a packet older than one already accepted asks for no proof at all", async () => {
  const { bench, end } = await openProven();
  const captured = end.beat();
  bench.clock.pass(2);
  bench.places[0].put("ayiya", end.beat());
  bench.sent();
  bench.places[1].put("ayiya", captured);
  assert.deepEqual(bench.sent(), []);
});

test("a packet from elsewhere that is older than one already accepted is dropped as replayed, its payload too", async () => {
  const { bench, end } = await openProven();
  const captured = end.forward(innerPacket({ source: ends.client, destination: island.host }));
  bench.clock.pass(1);
  bench.places[0].put("ayiya", end.beat());
  bench.places[1].put("ayiya", captured);
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsOf(bench, 1), { replayed: 1 });
  assert.equal(await follows(bench), hereIp);
});

test("copies of one second's packet from elsewhere are carried once; identical packets from the endpoint are all carried", async () => {
  const { bench, end } = await openProven();
  const packet = end.forward(innerPacket({ source: ends.client, destination: island.host }));
  for (let i = 0; i < 3; i += 1) bench.places[0].put("ayiya", packet);
  assert.equal(bench.delivered().length, 3);
  for (let i = 0; i < 3; i += 1) bench.places[1].put("ayiya", packet);
  assert.equal(bench.delivered().length, 1);
  assert.deepEqual(dropsOf(bench, 1), { replayed: 2 });
});

test("aiccu's first beat may come twice in one second from a new place", async () => {
  const { bench, end } = await openProven();
  const beat = end.beat();
  for (let i = 0; i < 2; i += 1) bench.places[1].put("ayiya", beat);
  assert.deepEqual(dropsOf(bench, 1), {});
});

test("a late packet from the place that a client left is dropped, and moves nothing back", async () => {
  const { bench, end } = await openProven();
  const late = end.forward(innerPacket({ source: ends.client, destination: island.host }));
  bench.clock.pass(2);
  await prove(bench, bench.places[1], end, 1);
  bench.places[0].put("ayiya", late);
  assert.deepEqual(dropsOf(bench, 1), { replayed: 1 });
  assert.equal(await follows(bench), thereIp);
});

test("a replayed answer to an older nonce moves nothing back", async () => {
  const { bench, end } = open();
  bench.places[0].put("ayiya", end.beat());
  const probe = probeTo(bench, end, hereIp);
  assert.ok(probe !== undefined);
  const answer = end.forward(echoReplyTo(probe));
  bench.places[0].put("ayiya", answer);
  bench.clock.pass(2);
  await prove(bench, bench.places[1], end, 1);
  bench.places[0].put("ayiya", answer);
  assert.equal(await follows(bench), thereIp);
});

test("the last packet of a client that fell silent, played from elsewhere, never switches", async () => {
  const { bench, end } = await openProven();
  const last = end.forward(innerPacket({ source: ends.client, destination: island.host }));
  bench.places[0].put("ayiya", last);
  // Silent for as long as the packet itself is fresh.
  bench.clock.pass(120);
  for (let i = 0; i < 10; i += 1) {
    bench.places[1].put("ayiya", last);
    bench.clock.ms += 20_000;
  }
  assert.equal(await follows(bench), hereIp);
});

test("when the old endpoint has been silent for two intervals, a newer packet switches at once, but capped", async () => {
  const { bench, end } = await openProven();
  bench.clock.pass(114);
  bench.places[1].put("ayiya", end.beat());
  assert.equal(await follows(bench), hereIp);
  bench.clock.pass(1);
  bench.places[1].put("ayiya", end.forward(innerPacket({ source: ends.client, destination: island.host, payload: new Uint8Array(400) })));
  assert.equal(await follows(bench), thereIp);
  assert.deepEqual(bench.plane.counters(1)?.endpoint, bench.places[1].endpointOf("ayiya"));
  assert.equal(bench.plane.counters(1)?.endpointProven, false);
});

test("the first packet of a tunnel that has no endpoint gives it one at once, capped until it is proven", async () => {
  const { bench, end } = open();
  assert.equal(await follows(bench), 0);
  bench.places[0].put("ayiya", end.forward(innerPacket({ source: ends.client, destination: island.host, payload: new Uint8Array(400) })));
  assert.equal(await follows(bench), hereIp);
  assert.equal(bench.plane.counters(1)?.endpointProven, false);
  assert.deepEqual(
    bench.events.filter((event) => event.kind === "endpoint"),
    [],
  );
});

/** All that an unproven place can make the plane send: answers, errors, probes and what the host sends. */
for (const { what, packet } of [
  { what: "beats", packet: undefined },
  {
    what: "pings",
    packet: echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: 1, payload: new Uint8Array(64) }),
  },
  { what: "packets that are answered with errors", packet: innerPacket({ source: ends.client, destination: island.host, hopLimit: 1 }) },
] as const) {
  test(`an unproven endpoint that sends ${what} gets at most three times what came from it, of everything together`, async () => {
    const { bench, end } = open();
    let received = 0;
    let sent = 0;
    for (let i = 0; i < 60; i += 1) {
      const datagram = packet === undefined ? end.beat() : end.forward(packet);
      received += datagram.length + outerBytes;
      bench.places[0].put("ayiya", datagram);
      for (let k = 0; k < 5; k += 1) await bench.host.send(ends.client, 9, new Uint8Array(300));
      for (const answer of bench.sent()) sent += answer.bytes.length + outerBytes;
      assert.ok(sent <= 3 * received, `${sent} bytes sent for ${received} after ${i + 1} packets`);
      bench.clock.pass(i % 7);
    }
    assert.ok(sent > received, "and it does get something");
    assert.ok((dropsOf(bench, 1)["unproven-budget"] ?? 0) > 0);
  });
}

test("a place that is not the endpoint gets at most three times what came from it, too", async () => {
  const ping = echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: 1, payload: new Uint8Array(0) });
  for (const inner of [undefined, ping, innerPacket({ source: ends.client, destination: island.host, hopLimit: 1 })]) {
    const { bench, end } = await openProven();
    let received = 0;
    let sent = 0;
    for (let i = 0; i < 60; i += 1) {
      bench.places[0].put("ayiya", end.beat());
      const datagram = inner === undefined ? end.beat() : end.forward(inner);
      received += datagram.length + outerBytes;
      bench.places[1].put("ayiya", datagram);
      for (const answer of bench.sent()) if (answer.ip === thereIp) sent += answer.bytes.length + outerBytes;
      assert.ok(sent <= 3 * received, `${sent} bytes sent for ${received} after ${i + 1} packets`);
      bench.clock.pass(2);
    }
    assert.ok(sent > 0);
  }
});

test("once proven the cap is gone", async () => {
  const { bench, end } = open();
  await prove(bench, bench.places[0], end, 1);
  for (let i = 0; i < 200; i += 1) await bench.host.send(ends.client, 9, new Uint8Array(1000));
  assert.equal(bench.sent().length, 200);
});

test("a candidate that does not answer is asked once a second, five times, and anew after ten seconds of rest", async () => {
  const { bench, end } = await openProven();
  const asked: number[] = [];
  for (let second = 0; second < 40; second += 1) {
    bench.places[0].put("ayiya", end.beat());
    for (let i = 0; i < 10; i += 1) bench.places[1].put("ayiya", end.beat());
    const probes = bench.sent().length;
    assert.ok(probes <= 1);
    if (probes === 1) asked.push(second);
    bench.clock.pass(1);
  }
  assert.deepEqual(asked.slice(0, 5), [0, 1, 2, 3, 4]);
  assert.ok((asked[5] ?? 0) >= 14, asked.join());
});

test("a client that only beats and never answers is followed when the old endpoint has been silent for two intervals", async () => {
  const { bench, end } = await openProven();
  for (let beats = 0; beats < 3; beats += 1) {
    bench.clock.pass(60);
    bench.places[1].put("ayiya", end.beat());
  }
  bench.places[1].put("ayiya", end.forward(innerPacket({ source: ends.client, destination: island.host, payload: new Uint8Array(400) })));
  assert.equal(await follows(bench), thereIp);
});

test("a fixed endpoint never moves, and packets from elsewhere are dropped however well they are signed", () => {
  const bench = new MemoryBench({ role: "client" });
  bench.plane.set(
    benchTunnel(1, {
      localAddress: ends.client,
      remoteAddress: ends.pop,
      endpoint: bench.places[0].endpointOf("ayiya"),
      endpointFixed: true,
    }),
  );
  const pop = ayiyaEnd(1, () => bench.clock.sec);
  const fromPop = pop.forward(innerPacket({ source: ends.pop, destination: ends.client }));
  fromPop[23] = 1;
  const signed = pop.sign(fromPop);
  bench.clock.pass(1000);
  const fresh = pop.forward(innerPacket({ source: ends.pop, destination: ends.client }));
  fresh[23] = 1;
  bench.places[1].put("ayiya", pop.sign(fresh));
  assert.deepEqual(dropsOf(bench, 1), { "wrong-endpoint": 1 });
  assert.deepEqual(bench.plane.counters(1)?.endpoint, bench.places[0].endpointOf("ayiya"));
  bench.clock.pass(-1000);
  bench.places[0].put("ayiya", signed);
  assert.equal(bench.delivered().length, 1);
});

test("after a restart with a known endpoint, a replay must be proven like any other: silence is counted from the start", async () => {
  const { bench, end } = open({ endpoint: new MemoryBench().places[0].endpointOf("ayiya") });
  assert.equal(bench.plane.counters(1)?.endpointProven, true);
  bench.clock.pass(3);
  bench.places[1].put("ayiya", end.beat());
  assert.equal(await follows(bench), hereIp);
});

test("a change of a tunnel's settings keeps the endpoint that was learned", async () => {
  const { bench } = await openProven();
  bench.plane.set(benchTunnel(1, { mtuBytes: 1400 }));
  assert.equal(await follows(bench), hereIp);
});

test("a tunnel that was disabled and enabled again is where it was", async () => {
  const { bench } = await openProven();
  bench.plane.set(benchTunnel(1, { enabled: false }));
  assert.equal(await follows(bench), 0);
  bench.plane.set(benchTunnel(1));
  assert.equal(await follows(bench), hereIp);
});

test("the port alone can change, as a NAT's does", async () => {
  const { bench, end } = await openProven();
  const put = (bytes: Uint8Array): void => bench.wire.arrive({ kind: "ayiya", ip: hereIp, port: 50_000, bytes, tos: 0 });
  put(end.beat());
  const probe = probeTo(bench, end, hereIp);
  assert.ok(probe !== undefined);
  put(end.forward(echoReplyTo(probe)));
  assert.equal(bench.plane.counters(1)?.endpoint?.port, 50_000);
});

test("a client's beats go out at the interval and at once, and a check is answered with the time that it took", () => {
  const bench = new MemoryBench({ role: "client" });
  const tunnel = benchTunnel(1, {
    localAddress: ends.client,
    remoteAddress: ends.pop,
    endpoint: bench.places[0].endpointOf("ayiya"),
    endpointFixed: true,
    beatSec: 60,
  });
  bench.plane.set(tunnel);
  assert.deepEqual(
    bench.sent().map(({ ip, bytes }) => [ip, bytes.length, bytes[2], bytes[3]]),
    [[hereIp, ayiyaHeaderBytes, 0x10, 59]],
  );
  const [beat] = bench.repeated;
  assert.equal(beat?.everySec, 60);
  beat.run();
  assert.equal(bench.sent().length, 1);
  bench.plane.check(1);
  const pop = ayiyaEnd(1, () => bench.clock.sec);
  const question = bench
    .sent()
    .map((packet) => pop.open(packet.bytes)?.payload)
    .find((payload) => payload !== undefined && payload.length > 0);
  assert.ok(question !== undefined);
  bench.clock.ms += 42;
  const answer = pop.forward(echoReplyTo(question));
  answer[23] = 1;
  bench.places[0].put("ayiya", pop.sign(answer));
  assert.deepEqual(bench.events, [{ kind: "answered", id: 1, rttMs: 42 }]);
  bench.plane.set({ ...tunnel, beatSec: 0 });
  assert.equal(bench.repeated.size, 0);
});

test("what goes nowhere is neither beaten nor checked", () => {
  const bench = new MemoryBench({ role: "client" });
  bench.plane.set(benchTunnel(1, { beatSec: 60 }));
  bench.plane.check(1);
  bench.plane.set(benchTunnel(2, { beatSec: 60, enabled: false, endpoint: bench.places[0].endpointOf("ayiya"), endpointFixed: true }));
  bench.plane.check(2);
  assert.deepEqual(bench.sent(), []);
  assert.deepEqual(dropsIn(bench), {});
});
