import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex, makeSeededNumbers, makeSeededRandom } from "@tombolo/base";
import fc from "fast-check";
import type { AyiyaEnd } from "../compliance/ayiya-end.ts";
import { island } from "../compliance/bench.ts";
import { echoRequest, innerPacket, ip6, udpPacket } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsIn, prove } from "../compliance/prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "../compliance/tunnels.ts";
import type { SocketKind } from "./packet-io.ts";

/** Hostile bytes: nothing throws, nothing bent is carried, and nothing is lost from the books. */
const ends = endsOf(1);

/** Tunnel 1 by AYIYA, proven at place 0; tunnels 2 and 3 by protocol 41 and UDP from place 0. */
async function open(): Promise<{ bench: MemoryBench; end: AyiyaEnd }> {
  const bench = new MemoryBench();
  const [place] = bench.places;
  bench.plane.set(benchTunnel(1));
  bench.plane.set(benchTunnel(2, { encapsulation: "6in4", endpoint: place.endpointOf("proto41"), endpointFixed: true }));
  bench.plane.set(benchTunnel(3, { encapsulation: "udp", endpoint: place.endpointOf("udp"), endpointFixed: true }));
  const end = ayiyaEnd(1, () => bench.clock.sec);
  await prove(bench, place, end, 1);
  bench.sent();
  return { bench, end };
}

function dropped(bench: MemoryBench): number {
  return Object.values(dropsIn(bench)).reduce((sum, count) => sum + count, 0);
}

const payload = new TextEncoder().encode("a drill's payload");
const toHost = udpPacket({ source: ends.client, sourcePort: 5, destination: island.host, destinationPort: 6, payload });
const ping = echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: 2, payload });
const withOptions = innerPacket({
  source: ends.lan,
  destination: island.host,
  nextHeader: 0,
  payload: Uint8Array.of(60, 0, 1, 4, 0, 0, 0, 0, 59, 0, 1, 4, 0, 0, 0, 0),
});

function* flips(sample: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < sample.length * 8; bit += 1) {
    const bent = sample.slice();
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    yield bent;
  }
}

for (const [what, inner] of Object.entries({ "a datagram for the host": toHost, "a ping": ping, "a packet with options": withOptions })) {
  test(`AYIYA, ${what}: cut at any byte or with any bit flipped it is dropped, and every drop is counted`, async () => {
    const { bench, end } = await open();
    const sample = end.forward(inner);
    let sent = 0;
    for (let length = 0; length < sample.length; length += 1) {
      bench.places[0].put("ayiya", sample.slice(0, length));
      sent += 1;
    }
    for (const bent of flips(sample)) {
      bench.places[0].put("ayiya", bent);
      sent += 1;
    }
    assert.deepEqual([bench.delivered(), bench.sent()], [[], []]);
    assert.equal(dropped(bench), sent);
    bench.places[0].put("ayiya", sample);
    assert.equal(bench.delivered().length + bench.sent().length, 1);
    assert.equal(dropped(bench), sent);
  });
}

test("AYIYA: bytes added behind a signed packet are dropped: the signature is over the whole datagram", async () => {
  const { bench, end } = await open();
  for (const more of [1, 2, 8, 100]) bench.places[0].put("ayiya", Uint8Array.of(...end.forward(toHost), ...new Uint8Array(more)));
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsIn(bench), { "bad-signature": 4 });
});

for (const [kind, id] of [
  ["proto41", 2],
  ["udp", 3],
] as const) {
  test(`${kind}: of a packet with any bit flipped only what is still the tunnel's own is carried, bent as it is, and all is counted`, async () => {
    const { bench } = await open();
    const sample = udpPacket({ source: endsOf(id).client, sourcePort: 5, destination: island.host, destinationPort: 6, payload });
    const inputs = [...flips(sample), ...Array.from({ length: sample.length }, (_, length) => sample.slice(0, length))];
    for (const bent of inputs) {
      bench.places[0].put(kind, bent);
      for (const carried of bench.delivered()) {
        const source = formatHex(carried.slice(8, 24));
        assert.ok(source === formatHex(sample.slice(8, 24)) || source.startsWith("20010db88003"), source);
        assert.equal(formatHex(carried), formatHex(bent.slice(0, carried.length)));
        assert.equal((carried[0] ?? 0) >> 4, 6);
      }
    }
    const answered = bench.plane.totals().outPackets;
    assert.equal((bench.plane.counters(id)?.inPackets ?? 0) + dropped(bench) + answered, inputs.length);
  });

  test(`off the device: a packet with any bit flipped, or cut, leaves through the tunnel of its destination or is counted as dropped`, async () => {
    const { bench } = await open();
    const sample = udpPacket({ source: island.host, sourcePort: 5, destination: endsOf(id).client, destinationPort: 6, payload });
    let routed = 0;
    for (const bent of [...flips(sample), ...Array.from({ length: sample.length }, (_, length) => sample.slice(0, length))]) {
      bench.wire.route(bent);
      routed += 1;
    }
    assert.equal(bench.plane.totals().outPackets + dropped(bench), routed);
  });
}

test("random bytes on every socket and off the device are dropped and counted", async () => {
  const { bench } = await open();
  const random = makeSeededRandom(7);
  const number = makeSeededNumbers(7);
  const kinds: readonly SocketKind[] = ["ayiya", "udp", "proto41"];
  let sent = 0;
  for (let i = 0; i < 3000; i += 1) {
    bench.places[number(2) as 0 | 1].put(kinds[number(3)] ?? "udp", random(number(200)));
    bench.wire.route(random(number(100)));
    sent += 2;
  }
  assert.deepEqual([bench.delivered(), bench.sent()], [[], []]);
  assert.equal(dropped(bench), sent);
});

/** What may happen on a busy day, and what must become of it. */
const happenings = {
  data: "carried",
  "site data": "carried",
  beat: "taken",
  ping: "taken",
  "wrong source": "dropped",
  "hop limit": "dropped",
  "link-local": "dropped",
  "bad signature": "dropped",
  "wrong time": "dropped",
  garbage: "dropped",
  "41 data": "carried",
  "41 from elsewhere": "dropped",
  "udp data": "carried",
  down: "sent",
  "down to nobody": "dropped",
  "down too big": "dropped",
  "down to no tunnel": "dropped",
} as const;
type Happening = keyof typeof happenings;

function happen(bench: MemoryBench, end: AyiyaEnd, what: Happening): void {
  const [place, elsewhere] = bench.places;
  const inner = (source: string, hopLimit = 64): Uint8Array => innerPacket({ source: ip6(source), destination: island.host, hopLimit });
  const from = (source: string, hopLimit = 64): void => place.put("ayiya", end.forward(inner(source, hopLimit)));
  const down = (destination: string, length: number): void =>
    bench.wire.route(innerPacket({ source: island.host, destination: ip6(destination), payload: new Uint8Array(length) }));
  const forged = end.beat();
  forged[40] = (forged[40] ?? 0) ^ 4;
  const acts: Record<Happening, () => void> = {
    data: () => from("2001:db8:2ff:1::2"),
    "site data": () => from("2001:db8:8001:5::5"),
    beat: () => place.put("ayiya", end.beat()),
    ping: () => place.put("ayiya", end.forward(ping)),
    "wrong source": () => from("2001:db8:2ff:2::2"),
    "hop limit": () => from("2001:db8:2ff:1::2", 1),
    "link-local": () => from("fe80::2"),
    "bad signature": () => place.put("ayiya", forged),
    "wrong time": () => place.put("ayiya", end.beat(bench.clock.sec + 121)),
    garbage: () => place.put("ayiya", new Uint8Array(50)),
    "41 data": () => place.put("proto41", inner("2001:db8:2ff:2::2")),
    "41 from elsewhere": () => elsewhere.put("proto41", inner("2001:db8:2ff:2::2")),
    "udp data": () => place.put("udp", inner("2001:db8:2ff:3::2")),
    down: () => down("2001:db8:2ff:1::2", 30),
    "down to nobody": () => down("2001:db8:2ff:1::3", 30),
    "down too big": () => down("2001:db8:2ff:2::2", 1300),
    "down to no tunnel": () => down("2001:db8:2ff:4::2", 30),
  };
  acts[what]();
}

test("nothing is lost: whatever happens, in one batch or one by one, each packet is carried, sent, taken or counted as dropped", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...(Object.keys(happenings) as Happening[])), { maxLength: 60 }),
      fc.boolean(),
      async (day, inOneBatch) => {
        const { bench, end } = await open();
        const { onReady } = bench.wire;
        if (inOneBatch) bench.wire.onReady = () => {};
        for (const what of day) happen(bench, end, what);
        if (inOneBatch) onReady();
        const count = (fate: string): number => day.filter((what) => happenings[what] === fate).length;
        const { inPackets, outPackets } = bench.plane.totals();
        assert.deepEqual(
          { carried: inPackets, sent: outPackets, dropped: dropped(bench) },
          { carried: count("carried"), sent: count("sent"), dropped: count("dropped") },
        );
        const ofTunnels = [1, 2, 3].reduce((sum, id) => sum + (bench.plane.counters(id)?.drops ?? 0), 0);
        const recorded = [1, 2, 3].flatMap((id) => bench.plane.drops(id)).reduce((sum, record) => sum + record.count, 0);
        assert.equal(recorded, ofTunnels);
        assert.ok(ofTunnels <= dropped(bench));
      },
    ),
    { numRuns: 150 },
  );
});

test("with many tunnels in trouble at once the sums are right, whatever the book of drops had to give up", async () => {
  const { bench } = await open();
  for (let id = 4; id <= 60; id += 1) {
    bench.plane.set(
      benchTunnel(id, { encapsulation: "udp", endpoint: bench.places[0].endpointOf("udp"), endpointFixed: true, enabled: false }),
    );
  }
  const rounds = 20;
  for (let round = 0; round < rounds; round += 1) {
    for (let id = 4; id <= 60; id += 1) {
      bench.places[0].put("udp", innerPacket({ source: endsOf(id).client, destination: island.host }));
      bench.wire.route(innerPacket({ source: island.host, destination: endsOf(id).nobody }));
    }
    bench.clock.pass(1);
  }
  for (let id = 4; id <= 60; id += 1) assert.equal(bench.plane.counters(id)?.drops, 2 * rounds);
  assert.deepEqual(dropsIn(bench), { "tunnel-disabled": 57 * rounds, "no-host": 57 * rounds });
});
