import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeLatin1, equalBytes, parseHex } from "@tombolo/base";
import { ayiyaOpcodes, decodeIcmpv6 } from "@tombolo/protocols";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsIn, dropsOf, prove } from "../compliance/prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "../compliance/tunnels.ts";
import { innerPacket, udpPacket } from "../compliance/inner-packets.ts";
import { island } from "../compliance/bench.ts";
import type { AyiyaEnd } from "../compliance/ayiya-end.ts";
import type { PlaneTunnel } from "../plane/plane.ts";

/** Rules of the AYIYA sheet's sections 2 to 7 and 11, as far as they stand before the inner packet. */
function open(wish: Partial<PlaneTunnel> = {}): { bench: MemoryBench; end: AyiyaEnd } {
  const bench = new MemoryBench();
  assert.equal(bench.plane.set(benchTunnel(1, wish)), "set");
  return { bench, end: ayiyaEnd(1, () => bench.clock.sec) };
}

const toHost = udpPacket({
  source: endsOf(1).client,
  sourcePort: 7,
  destination: island.host,
  destinationPort: 9,
  payload: encodeLatin1("hello"),
});

/** How many reached the kernel. */
function carried(bench: MemoryBench, datagram: Uint8Array): number {
  bench.places[0].put("ayiya", datagram);
  return bench.delivered().length;
}

function hex(text: string): Uint8Array {
  const bytes = parseHex(text);
  assert.ok(bytes.ok);
  return bytes.value;
}

const vectorSecret = encodeLatin1("f3d47c2de40fb698e1ab15d757a09bfc");
const vectorA = hex("4152103b 43b71b80 20010db802ff00010000000000000002 e2b6e7d09aaa75056a31fd9175fd589a38278144");
const vectorB = hex(
  `41521129 43b71b80 20010db802ff00010000000000000002 049b564f4c34e1180d118d5eae9f5077f7bbbdae
   6000000000103a40 20010db802ff00010000000000000002 20010db802ff00010000000000000001 8000cc06 12340001 5369785853212121`,
);
const vectorC = hex(
  `41521129 43b71b81 20010db802ff00010000000000000001 84a17ce5b56c9b1542d574a7da26b7edba82c558
   6000000000103a40 20010db802ff00010000000000000001 20010db802ff00010000000000000002 8100cb06 12340001 5369785853212121`,
);
const vectorD = hex("4152103b6b00680d20010db802ff00010000000000000002c3e463d51200eabe633c4ca85bbdfc3f2b186577");

test("vector A, a client's beat, brings the tunnel up", () => {
  const { bench } = open({ secret: vectorSecret });
  bench.places[0].put("ayiya", vectorA);
  assert.deepEqual(dropsIn(bench), {});
  assert.equal(bench.plane.counters(1)?.lastSeenAt, bench.clock.sec);
  assert.deepEqual(bench.plane.counters(1)?.endpoint, bench.places[0].endpointOf("ayiya"));
});

test("vector B, a ping of our inner end, is answered with vector C to the byte", () => {
  const { bench } = open({ secret: vectorSecret });
  bench.clock.pass(1);
  bench.places[0].put("ayiya", vectorB);
  const answers = bench.sent().filter((packet) => equalBytes(packet.bytes, vectorC));
  assert.equal(answers.length, 1);
  assert.deepEqual(dropsIn(bench), {});
});

test("vector D, a beat captured from aiccu, is accepted at its own time", () => {
  const { bench } = open({ secret: vectorSecret });
  bench.clock.sec = 0x6b00680d;
  bench.places[0].put("ayiya", vectorD);
  assert.deepEqual(dropsIn(bench), {});
  assert.equal(bench.plane.counters(1)?.lastSeenAt, 0x6b00680d);
});

for (const skew of [-120, -1, 0, 1, 120]) {
  test(`a packet ${skew} s off our clock is carried`, () => {
    const { bench, end } = open();
    assert.equal(carried(bench, end.forward(toHost, { epochSec: bench.clock.sec + skew })), 1);
  });
}

for (const skew of [-4000, -121, 121, 4000]) {
  test(`a packet ${skew} s off our clock is dropped without a word, and the control learns by how much`, () => {
    const { bench, end } = open();
    assert.equal(carried(bench, end.forward(toHost, { epochSec: bench.clock.sec + skew })), 0);
    assert.deepEqual(dropsOf(bench, 1), { "clock-off": 1 });
    assert.deepEqual(bench.events, [{ kind: "clock-off", id: 1, skewSec: skew }]);
    assert.deepEqual(bench.sent(), []);
    assert.equal(bench.plane.counters(1)?.lastSeenAt, undefined);
    assert.equal(bench.plane.counters(1)?.endpoint, undefined);
  });
}

test("EpochTime is unsigned: a packet of the year 2100 is carried in 2100", () => {
  const { bench, end } = open();
  bench.clock.sec = 4_102_444_800;
  assert.equal(carried(bench, end.forward(toHost)), 1);
  assert.equal(bench.plane.counters(1)?.lastSeenAt, 4_102_444_800);
});

test("a skewed clock is told once in ten seconds, not once a packet", () => {
  const { bench, end } = open();
  for (let i = 0; i < 20; i += 1) bench.places[0].put("ayiya", end.beat(bench.clock.sec - 500));
  assert.equal(bench.events.length, 1);
  bench.clock.pass(10);
  bench.places[0].put("ayiya", end.beat(bench.clock.sec - 500));
  assert.equal(bench.events.length, 2);
});

test("a wrong time with a wrong signature tells the tunnel nothing", () => {
  const { bench, end } = open();
  const forged = end.beat(bench.clock.sec - 500);
  forged[30] = (forged[30] ?? 0) ^ 1;
  bench.places[0].put("ayiya", forged);
  assert.deepEqual(bench.events, []);
  assert.deepEqual(dropsIn(bench), { "bad-signature": 1 });
});

const headers: readonly { readonly what: string; readonly at: number; readonly value: number; readonly reason: string }[] = [
  { what: "an identity of 8 bytes", at: 0, value: 0x31, reason: "ayiya-header" },
  { what: "an identity that is text", at: 0, value: 0x42, reason: "ayiya-header" },
  { what: "a signature of 16 bytes", at: 1, value: 0x42, reason: "ayiya-header" },
  { what: "an MD5 signature", at: 1, value: 0x51, reason: "ayiya-header" },
  { what: "no authentication", at: 2, value: 0x01, reason: "ayiya-header" },
  { what: "public keys", at: 2, value: 0x21, reason: "ayiya-header" },
  { what: "opcode 4, an echo response", at: 2, value: 0x14, reason: "ayiya-opcode" },
  { what: "opcode 5, a message of the day", at: 2, value: 0x15, reason: "ayiya-opcode" },
  { what: "opcode 6, a query", at: 2, value: 0x16, reason: "ayiya-opcode" },
  { what: "opcode 15", at: 2, value: 0x1f, reason: "ayiya-opcode" },
  { what: "IPv4 inside", at: 3, value: 4, reason: "ayiya-header" },
  { what: "TCP inside", at: 3, value: 6, reason: "ayiya-header" },
];
for (const { what, at, value, reason } of headers) {
  test(`a header with ${what} is refused before anything is hashed`, () => {
    const { bench, end } = open();
    const packet = end.forward(toHost);
    packet[at] = value;
    assert.equal(carried(bench, packet), 0);
    assert.deepEqual(dropsIn(bench), { [reason]: 1 });
    assert.deepEqual(bench.plane.drops(1), []);
    assert.deepEqual(bench.sent(), []);
  });
}

test("43 bytes are short, and so are 83 that say that they carry IPv6", () => {
  const { bench, end } = open();
  bench.places[0].put("ayiya", end.beat().slice(0, 43));
  bench.places[0].put("ayiya", end.forward(toHost).slice(0, 83));
  assert.deepEqual(dropsIn(bench), { short: 2 });
});

test("the whole identity counts: another interface identifier in the same /64 is unknown", async () => {
  const { bench } = open();
  const stranger = ayiyaEnd(1, () => bench.clock.sec);
  await prove(bench, bench.places[0], stranger, 1);
  for (const [at, value] of [
    [23, 3],
    [8, 0x21],
    [16, 1],
  ] as const) {
    const packet = stranger.forward(toHost);
    packet[at] = value;
    bench.places[0].put("ayiya", packet);
  }
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsIn(bench), { "unknown-tunnel": 3 });
});

test("our own identity is not theirs: a packet of ours played back is unknown", async () => {
  const { bench, end } = open();
  await prove(bench, bench.places[0], end, 1);
  await bench.host.send(endsOf(1).client, 7, Uint8Array.of(1));
  for (const packet of bench.sent()) bench.places[0].put("ayiya", packet.bytes);
  assert.deepEqual(dropsIn(bench), { "unknown-tunnel": 1 });
});

test("a disabled tunnel carries nothing, learns nothing and answers nothing", () => {
  const { bench, end } = open({ enabled: false });
  assert.equal(carried(bench, end.forward(toHost)), 0);
  assert.deepEqual(dropsIn(bench), { "tunnel-disabled": 1 });
  assert.deepEqual(bench.sent(), []);
  assert.equal(bench.plane.counters(1)?.lastSeenAt, undefined);
});

test("a tunnel that is reached by another encapsulation just now refuses AYIYA", () => {
  const { bench, end } = open({ encapsulation: "6in4" });
  assert.equal(carried(bench, end.forward(toHost)), 0);
  assert.deepEqual(dropsIn(bench), { "wrong-encapsulation": 1 });
});

test("a bad signature is counted and shown, and changes nothing", async () => {
  const { bench, end } = open();
  await prove(bench, bench.places[0], end, 1);
  bench.clock.pass(500);
  const before = bench.plane.counters(1);
  const forged = end.forward(toHost);
  forged[43] = (forged[43] ?? 0) ^ 0x80;
  bench.places[1].put("ayiya", forged);
  bench.places[0].put("ayiya", forged);
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(bench.sent(), []);
  assert.deepEqual(bench.plane.counters(1), { ...before, drops: 2 });
  const [record] = bench.plane.drops(1);
  assert.equal(record?.reason, "bad-signature");
  assert.equal(record?.count, 2);
  assert.equal(record?.lastAt, bench.clock.sec);
  assert.deepEqual(record?.lastSource, bench.places[1].endpointOf("ayiya"));
  assert.deepEqual(record?.lastBytes, forged.slice(0, 128));
});

test("another tunnel's secret is a bad signature", () => {
  const { bench } = open();
  const packet = ayiyaEnd(2, () => bench.clock.sec).forward(toHost);
  packet[15] = 1;
  bench.places[0].put("ayiya", packet);
  assert.deepEqual(dropsIn(bench), { "bad-signature": 1 });
});

test("a stranger's hashing is bounded, and does not hold up the tunnel's own endpoint", async () => {
  const { bench, end } = open();
  await prove(bench, bench.places[0], end, 1);
  const forged = end.beat();
  forged[43] = (forged[43] ?? 0) ^ 1;
  for (let i = 0; i < 1000; i += 1) bench.places[1].put("ayiya", forged);
  const drops = dropsIn(bench);
  assert.equal((drops["bad-signature"] ?? 0) + (drops["unproven-rate"] ?? 0), 1000);
  assert.ok((drops["unproven-rate"] ?? 0) > 700, JSON.stringify(drops));
  assert.equal(carried(bench, end.forward(toHost)), 1);
  bench.clock.pass(1);
  bench.places[1].put("ayiya", forged);
  assert.equal(dropsIn(bench)["unproven-rate"], drops["unproven-rate"]);
});

test("opcode 3 is taken and its payload is not carried, as the historic PoP did; a client delivers it, as aiccu did", () => {
  const { bench, end } = open();
  assert.equal(carried(bench, end.forward(toHost, { opcode: ayiyaOpcodes.echoRequestAndForward })), 0);
  assert.equal(carried(bench, end.forward(toHost, { opcode: ayiyaOpcodes.echoRequest })), 0);
  assert.equal(carried(bench, end.forward(toHost, { opcode: ayiyaOpcodes.noop })), 0);
  assert.deepEqual(dropsIn(bench), {});
  const client = new MemoryBench({ role: "client" });
  const { pop, client: ours } = endsOf(1);
  client.plane.set(
    benchTunnel(1, {
      localAddress: ours,
      remoteAddress: pop,
      prefixes: [{ address: { family: 6, value: 0n }, lengthBits: 0 }],
      endpoint: client.places[0].endpointOf("ayiya"),
      endpointFixed: true,
      secret: end.secretBytes,
    }),
  );
  const packet = end.forward(innerPacket({ source: island.host, destination: ours }), { opcode: ayiyaOpcodes.echoRequestAndForward });
  packet[23] = 1;
  client.places[0].put("ayiya", end.sign(packet));
  assert.equal(client.delivered().length, 1);
});

test("opcode 1 with no next header is taken as a beat", () => {
  const { bench, end } = open();
  const packet = end.beat();
  packet[2] = 0x11;
  bench.places[0].put("ayiya", end.sign(packet));
  assert.deepEqual(dropsIn(bench), {});
  assert.equal(bench.plane.counters(1)?.lastSeenAt, bench.clock.sec);
});

test("identical packets from the endpoint are all carried: aiccu sends identical beats, and hosts send identical packets", async () => {
  const { bench, end } = open();
  await prove(bench, bench.places[0], end, 1);
  const packet = end.forward(toHost);
  for (let i = 0; i < 3; i += 1) bench.places[0].put("ayiya", packet);
  assert.equal(bench.delivered().length, 3);
  assert.deepEqual(dropsIn(bench), {});
});

test("what a PoP sends is opcode 1 with ::1 as its identity, which is all that aiccu takes", async () => {
  const { bench, end } = open();
  await prove(bench, bench.places[0], end, 1);
  bench.sent();
  await bench.host.send(endsOf(1).client, 7, Uint8Array.of(1, 2, 3));
  const opened = end.open(await bench.places[0].receive("ayiya"));
  assert.equal(opened?.opcode, ayiyaOpcodes.forward);
  assert.equal(opened.nextHeader, 41);
  assert.equal(opened.epochSec, bench.clock.sec);
  assert.deepEqual(opened.identity, endsOf(1).pop);
});

test("traffic is counted per tunnel in packets and inner bytes, both ways, and lastSeenAt follows", async () => {
  const { bench, end } = open();
  bench.plane.set(benchTunnel(2));
  await prove(bench, bench.places[0], end, 1);
  const start = bench.plane.counters(1);
  bench.clock.pass(7);
  for (let i = 0; i < 5; i += 1) bench.places[0].put("ayiya", end.forward(toHost));
  await bench.host.send(endsOf(1).client, 7, new Uint8Array(100));
  const now = bench.plane.counters(1);
  assert.equal((now?.inPackets ?? 0) - (start?.inPackets ?? 0), 5);
  assert.equal((now?.inBytes ?? 0) - (start?.inBytes ?? 0), 5 * toHost.length);
  assert.equal(now?.outPackets, 1);
  assert.equal(now.outBytes, 148);
  assert.equal(now.lastSeenAt, bench.clock.sec);
  assert.equal(bench.plane.counters(2)?.inPackets, 0);
  assert.equal(bench.plane.totals().inPackets, now.inPackets);
});

test("a tunnel in a reused slot begins with nothing of the old one: no counts, no records, no times, no endpoint", async () => {
  const bench = new MemoryBench({ capacity: 1 });
  const old = ayiyaEnd(1, () => bench.clock.sec + 100);
  bench.plane.set(benchTunnel(1));
  await prove(bench, bench.places[0], old, 1);
  bench.places[0].put("ayiya", old.forward(innerPacket({ source: endsOf(2).client, destination: island.host })));
  const totals = bench.plane.totals();
  bench.plane.remove(1);
  assert.equal(bench.plane.counters(1), undefined);
  assert.deepEqual(bench.plane.drops(1), []);
  assert.equal(bench.plane.totals().inPackets, totals.inPackets);
  assert.equal(bench.plane.set(benchTunnel(2)), "set");
  assert.deepEqual(bench.plane.counters(2), {
    inPackets: 0,
    inBytes: 0,
    outPackets: 0,
    outBytes: 0,
    drops: 0,
    lastSeenAt: undefined,
    endpoint: undefined,
    endpointProven: false,
  });
  assert.deepEqual(bench.plane.drops(2), []);
  // The old tunnel's clock was ahead; the new one's client is no replay for that.
  await prove(
    bench,
    bench.places[1],
    ayiyaEnd(2, () => bench.clock.sec),
    2,
  );
});

test("a probe is an echo request from ::1 to ::2 with a nonce, signed, and two probes differ", () => {
  const { bench, end } = open();
  bench.places[0].put("ayiya", end.beat());
  bench.clock.pass(2);
  bench.places[1].put("ayiya", end.beat());
  const nonces = bench.sent().map((packet) => {
    const opened = end.open(packet.bytes);
    assert.ok(opened !== undefined);
    const message = decodeIcmpv6(opened.payload);
    assert.ok(message.ok && message.value.kind === "echo-request");
    return `${message.value.identifier} ${message.value.sequence} ${message.value.payload.join()}`;
  });
  assert.equal(new Set(nonces).size, 2);
});
