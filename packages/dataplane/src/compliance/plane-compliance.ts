import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLatin1, encodeLatin1, equalBytes } from "@tombolo/base";
import { ayiyaOpcodes, decodeIcmpv6, decodeIpv6Header } from "@tombolo/protocols";
import { island, type Place, type PlaneBench, type Rule } from "./bench.ts";
import { echoReplyTo, echoRequest, innerPacket, readUdp, udpPacket } from "./inner-packets.ts";
import { dropsOf, prove } from "./prove.ts";
import { runPingRules } from "./ping-rules.ts";
import { runToldRules } from "./told-rules.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "./tunnels.ts";
import type { AyiyaEnd } from "./ayiya-end.ts";
import type { SocketKind } from "../engine/packet-io.ts";

/**
 * What every driver of the data plane must do, told by the packets that go in and come out. Nobody waits for nothing to
 * happen: a packet that must not arrive is counted as dropped, and one that must arrive follows it.
 */
export function runPlaneCompliance(name: string, openBench: () => Promise<PlaneBench>): void {
  const rule = (text: string, body: (bench: PlaneBench) => Promise<void>): void => {
    test(`${name}: ${text}`, async () => {
      const bench = await openBench();
      try {
        await body(bench);
      } finally {
        await bench.close();
      }
    });
  };
  runAyiyaRules(rule);
  runMoveRules(rule);
  runBareRules(rule);
  runAnswerRules(rule);
  runControlRules(rule);
  runToldRules(rule);
  runPingRules(rule);
}

const ends = endsOf(1);
const clientPort = 4660;

/** A datagram from the tunnel's far end to the host. */
function toHost(id: number, text: string, source = endsOf(id).client): Uint8Array {
  return udpPacket({
    source,
    sourcePort: clientPort,
    destination: island.host,
    destinationPort: island.hostPort,
    payload: encodeLatin1(text),
  });
}

async function assertHostHears(bench: PlaneBench, text: string): Promise<void> {
  assert.deepEqual((await bench.host.receive()).payload, encodeLatin1(text));
}

async function openAyiya(bench: PlaneBench, place: Place = bench.places[0]): Promise<AyiyaEnd> {
  bench.plane.set(benchTunnel(1));
  const end = ayiyaEnd(1, () => bench.nowSec());
  await prove(bench, place, end, 1);
  return end;
}

function runAyiyaRules(rule: Rule): void {
  rule("AYIYA carries a datagram from the client to a host, and the host's answer back, signed", async (bench) => {
    const end = await openAyiya(bench);
    await bench.places[0].send("ayiya", end.forward(toHost(1, "out")));
    const heard = await bench.host.receive();
    assert.deepEqual([heard.source, heard.sourcePort, heard.payload], [ends.client, clientPort, encodeLatin1("out")]);
    await bench.host.send(ends.client, clientPort, encodeLatin1("and back"));
    const packet = end.open(await bench.places[0].receive("ayiya"));
    assert.equal(packet?.opcode, ayiyaOpcodes.forward);
    assert.deepEqual(packet.identity, ends.pop);
    assert.ok(Math.abs(packet.epochSec - bench.nowSec()) <= 2);
    const back = readUdp(packet.payload);
    assert.deepEqual([back?.source, back?.destination, back?.destinationPort], [island.host, ends.client, clientPort]);
    assert.deepEqual(back?.payload, encodeLatin1("and back"));
  });

  rule("every length of payload from 0 to 1232 passes both ways unharmed", async (bench) => {
    const end = await openAyiya(bench);
    for (const length of [0, 1, 2, 3, 63, 64, 65, 511, 1000, 1231, 1232]) {
      const payload = Uint8Array.from({ length }, (_, i) => i * 7 + length);
      const wish = { source: ends.client, sourcePort: clientPort, destination: island.host, destinationPort: island.hostPort, payload };
      await bench.places[0].send("ayiya", end.forward(udpPacket(wish)));
      assert.deepEqual((await bench.host.receive()).payload, payload);
      await bench.host.send(ends.client, clientPort, payload);
      const opened = end.open(await bench.places[0].receive("ayiya"));
      assert.deepEqual(readUdp(opened?.payload ?? new Uint8Array(0))?.payload, payload);
    }
  });

  rule("what is signed wrong, out of time, cut short or from a wrong inner source is not carried, and is told apart", async (bench) => {
    const end = await openAyiya(bench);
    const forged = end.forward(toHost(1, "forged"));
    forged[90] = (forged[90] ?? 0) ^ 1;
    const bad = [
      forged,
      end.forward(toHost(1, "late"), { epochSec: bench.nowSec() - 125 }),
      end.forward(toHost(1, "early"), { epochSec: bench.nowSec() + 125 }),
      end.forward(toHost(1, "cut").slice(0, -1)),
      end.forward(toHost(2, "somebody else's")),
      end.forward(toHost(1, "ours", ends.pop)),
    ];
    for (const packet of bad) await bench.places[0].send("ayiya", packet);
    await bench.places[0].send("ayiya", end.forward(toHost(1, "good")));
    await assertHostHears(bench, "good");
    await bench.until("all six are counted", () => bench.plane.counters(1)?.drops === 6);
    assert.deepEqual(dropsOf(bench, 1), { "bad-signature": 1, "clock-off": 2, "inner-length": 1, "wrong-source": 2 });
    assert.ok(bench.events.some((event) => event.kind === "clock-off" && event.id === 1 && Math.abs(event.skewSec) >= 123));
  });

  rule("a drop's record shows where the packet came from and how it began", async (bench) => {
    const end = await openAyiya(bench);
    const bad = end.forward(toHost(2, "somebody else's"));
    await bench.places[1].send("ayiya", bad);
    await bench.until("the drop is recorded", () => bench.plane.drops(1).length > 0);
    const [record] = bench.plane.drops(1);
    assert.deepEqual(record?.lastSource, bench.places[1].endpointOf("ayiya"));
    assert.deepEqual(record?.lastBytes, bad.slice(0, 128));
    assert.ok(Math.abs(record.lastAt - bench.nowSec()) <= 2);
  });

  rule("a thousand datagrams arrive once each and unharmed, and the counters agree", async (bench) => {
    const end = await openAyiya(bench);
    const before = bench.plane.counters(1);
    for (let batch = 0; batch < 20; batch += 1) {
      const texts = Array.from({ length: 50 }, (_, i) => `datagram ${batch * 50 + i}`);
      for (const text of texts) await bench.places[0].send("ayiya", end.forward(toHost(1, text)));
      const heard: string[] = [];
      for (const _ of texts) heard.push(decodeLatin1((await bench.host.receive()).payload));
      // A kernel whose sender changes the processor in between may turn two around.
      assert.deepEqual(heard.toSorted(), texts.toSorted());
    }
    const after = bench.plane.counters(1);
    assert.equal((after?.inPackets ?? 0) - (before?.inPackets ?? 0), 1000);
    assert.equal(after?.drops, 0);
  });
}

function runMoveRules(rule: Rule): void {
  rule("traffic follows the client to a new place only after the nonce came back from there", async (bench) => {
    const end = await openAyiya(bench);
    const [here, there] = bench.places;
    await there.send("ayiya", end.beat());
    const probe = end.open(await there.receive("ayiya"));
    await bench.host.send(ends.client, clientPort, encodeLatin1("still here"));
    assert.deepEqual(readUdp(end.open(await here.receive("ayiya"))?.payload ?? new Uint8Array(0))?.payload, encodeLatin1("still here"));
    await there.send("ayiya", end.forward(echoReplyTo(probe?.payload ?? new Uint8Array(0))));
    await bench.until("the endpoint moved", () => bench.plane.counters(1)?.endpoint?.ipv4.value === there.endpointOf("ayiya").ipv4.value);
    await bench.host.send(ends.client, clientPort, encodeLatin1("now there"));
    assert.deepEqual(readUdp(end.open(await there.receive("ayiya"))?.payload ?? new Uint8Array(0))?.payload, encodeLatin1("now there"));
    const moves = bench.events.filter((event) => event.kind === "endpoint");
    assert.deepEqual(
      moves.map((move) => move.endpoint),
      [here.endpointOf("ayiya"), there.endpointOf("ayiya")],
    );
  });

  rule("a replay from another place is carried no further than that: traffic stays where it was", async (bench) => {
    const end = await openAyiya(bench);
    const [here, there] = bench.places;
    const captured = end.forward(toHost(1, "captured"));
    await here.send("ayiya", captured);
    await assertHostHears(bench, "captured");
    for (let i = 0; i < 5; i += 1) await there.send("ayiya", captured);
    await bench.host.send(ends.client, clientPort, encodeLatin1("x"));
    assert.deepEqual(readUdp(end.open(await here.receive("ayiya"))?.payload ?? new Uint8Array(0))?.payload, encodeLatin1("x"));
    assert.deepEqual(bench.plane.counters(1)?.endpoint, here.endpointOf("ayiya"));
  });

  rule("an endpoint that is not proven gets little, and the rest is counted", async (bench) => {
    bench.plane.set(benchTunnel(1));
    const end = ayiyaEnd(1, () => bench.nowSec());
    await bench.places[0].send("ayiya", end.beat());
    await bench.until("the endpoint is known", () => bench.plane.counters(1)?.endpoint !== undefined);
    assert.equal(bench.plane.counters(1)?.endpointProven, false);
    for (let i = 0; i < 5; i += 1) await bench.host.send(ends.client, clientPort, new Uint8Array(500));
    await bench.until("all five were held back", () => dropsOf(bench, 1)["unproven-budget"] === 5);
  });
}

const bare: readonly { readonly encapsulation: "6in4" | "udp"; readonly kind: SocketKind }[] = [
  { encapsulation: "6in4", kind: "proto41" },
  { encapsulation: "udp", kind: "udp" },
];

function runBareRules(rule: Rule): void {
  for (const { encapsulation, kind } of bare) {
    rule(`${encapsulation} carries both ways, from its endpoint and from nowhere else`, async (bench) => {
      const [here, there] = bench.places;
      bench.plane.set(benchTunnel(1, { encapsulation, endpoint: here.endpointOf(kind), endpointFixed: true }));
      await there.send(kind, toHost(1, "from elsewhere"));
      await bench.until("it is refused", () => bench.plane.totals().drops["wrong-endpoint"] === 1);
      await here.send(kind, toHost(1, "from home"));
      await assertHostHears(bench, "from home");
      await bench.host.send(ends.client, clientPort, encodeLatin1("back"));
      assert.deepEqual(readUdp(await here.receive(kind))?.payload, encodeLatin1("back"));
      assert.equal(bench.plane.counters(1)?.inPackets, 1);
      assert.equal(bench.plane.counters(1)?.outPackets, 1);
    });

    rule(`${encapsulation}: the site's prefix goes with the tunnel`, async (bench) => {
      const [here] = bench.places;
      bench.plane.set(benchTunnel(1, { encapsulation, endpoint: here.endpointOf(kind), endpointFixed: true }));
      await here.send(kind, toHost(1, "from the site", ends.lan));
      const heard = await bench.host.receive();
      assert.deepEqual(heard.source, ends.lan);
      await bench.host.send(ends.lan, clientPort, encodeLatin1("to the site"));
      assert.deepEqual(readUdp(await here.receive(kind))?.destination, ends.lan);
    });
  }

  rule("a tunnel changes its encapsulation and keeps its addresses", async (bench) => {
    const end = await openAyiya(bench);
    const [here] = bench.places;
    for (const [i, { encapsulation, kind }] of bare.entries()) {
      bench.plane.set(benchTunnel(1, { encapsulation, endpoint: here.endpointOf(kind), endpointFixed: true }));
      await here.send("ayiya", end.forward(toHost(1, "by AYIYA")));
      await bench.until("AYIYA is refused", () => bench.plane.totals().drops["wrong-encapsulation"] === i + 1);
      await here.send(kind, toHost(1, `by ${encapsulation}`));
      await assertHostHears(bench, `by ${encapsulation}`);
    }
    bench.plane.set(benchTunnel(1));
    await prove(bench, here, end, 1);
    await here.send("ayiya", end.forward(toHost(1, "by AYIYA again")));
    await assertHostHears(bench, "by AYIYA again");
  });

  rule("from tunnel to tunnel, of two encapsulations, with the hop limit counted down once", async (bench) => {
    const end = await openAyiya(bench);
    const [here, there] = bench.places;
    bench.plane.set(benchTunnel(2, { encapsulation: "6in4", endpoint: there.endpointOf("proto41"), endpointFixed: true }));
    const packet = innerPacket({ source: ends.client, destination: endsOf(2).client, hopLimit: 10, payload: encodeLatin1("neighbour") });
    await here.send("ayiya", end.forward(packet));
    const arrived = await there.receive("proto41");
    const expected = packet.slice();
    expected[7] = 9;
    assert.deepEqual(arrived, expected);
  });
}

function runAnswerRules(rule: Rule): void {
  rule("::1 answers a ping through the tunnel, and another tunnel's ::1 does so over the kernel", async (bench) => {
    const end = await openAyiya(bench);
    bench.plane.set(benchTunnel(2));
    for (const destination of [ends.pop, endsOf(2).pop]) {
      const ping = echoRequest({ source: ends.client, destination, identifier: 0x1234, sequence: 1, payload: encodeLatin1("SixXS!!!") });
      await bench.places[0].send("ayiya", end.forward(ping));
      const opened = end.open(await bench.places[0].receive("ayiya"));
      const header = decodeIpv6Header(opened?.payload ?? new Uint8Array(0));
      const message = decodeIcmpv6(opened?.payload ?? new Uint8Array(0));
      assert.ok(header.ok && message.ok && message.value.kind === "echo-reply");
      assert.deepEqual([header.value.source, message.value.identifier], [destination, 0x1234]);
      assert.deepEqual(message.value.payload, encodeLatin1("SixXS!!!"));
    }
  });

  rule("a hop limit of 1 is answered with 3/0 through the tunnel, from ::1", async (bench) => {
    const end = await openAyiya(bench);
    const packet = innerPacket({ source: ends.client, destination: island.host, hopLimit: 1 });
    await bench.places[0].send("ayiya", end.forward(packet));
    const opened = end.open(await bench.places[0].receive("ayiya"))?.payload ?? new Uint8Array(0);
    const message = decodeIcmpv6(opened);
    assert.ok(message.ok && message.value.kind === "error");
    assert.deepEqual([message.value.type, message.value.code], [3, 0]);
    assert.ok(equalBytes(message.value.quote, packet));
  });

  rule("link-local and multicast noise of a client's kernel is dropped quietly", async (bench) => {
    const end = await openAyiya(bench);
    const source = { family: 6, value: 0xfe80n << 112n } as const;
    await bench.places[0].send("ayiya", end.forward(innerPacket({ source, destination: island.host })));
    await bench.places[0].send(
      "ayiya",
      end.forward(innerPacket({ source: ends.client, destination: { family: 6, value: (0xff02n << 112n) | 2n } })),
    );
    await bench.places[0].send("ayiya", end.forward(toHost(1, "after the noise")));
    await assertHostHears(bench, "after the noise");
    await bench.until("the noise is counted", () => bench.plane.counters(1)?.drops === 2);
    assert.deepEqual(dropsOf(bench, 1), { "link-local": 2 });
  });

  rule("what is too big for the tunnel does not leave", async (bench) => {
    await openAyiya(bench);
    await bench.host.send(ends.client, clientPort, new Uint8Array(1233));
    await bench.until("it is dropped", () => dropsOf(bench, 1)["too-big"] === 1);
    assert.equal(bench.plane.counters(1)?.outPackets, 0);
  });

  rule("a disabled tunnel carries nothing either way until it is enabled again, and then without a new proof", async (bench) => {
    const end = await openAyiya(bench);
    bench.plane.set(benchTunnel(1, { enabled: false }));
    await bench.places[0].send("ayiya", end.forward(toHost(1, "no")));
    await bench.host.send(ends.client, clientPort, encodeLatin1("no"));
    await bench.until("both are dropped", () => (bench.plane.totals().drops["tunnel-disabled"] ?? 0) >= 2);
    bench.plane.set(benchTunnel(1));
    await bench.places[0].send("ayiya", end.forward(toHost(1, "yes")));
    await assertHostHears(bench, "yes");
    await bench.host.send(ends.client, clientPort, encodeLatin1("yes"));
    assert.ok(end.open(await bench.places[0].receive("ayiya")) !== undefined);
  });
}

function runControlRules(rule: Rule): void {
  rule("tunnels come and go: a removed one is unknown, its slot's next tunnel starts at zero", async (bench) => {
    const end = await openAyiya(bench);
    await bench.places[0].send("ayiya", end.forward(toHost(1, "before")));
    await assertHostHears(bench, "before");
    bench.plane.remove(1);
    assert.equal(bench.plane.counters(1), undefined);
    await bench.places[0].send("ayiya", end.beat());
    await bench.until("it is unknown", () => bench.plane.totals().drops["unknown-tunnel"] === 1);
    assert.deepEqual([bench.plane.totals().inPackets, bench.plane.totals().tunnels], [1, 0]);
    bench.plane.set(benchTunnel(1));
    assert.deepEqual(bench.plane.counters(1), {
      inPackets: 0,
      inBytes: 0,
      outPackets: 0,
      outBytes: 0,
      drops: 0,
      lastSeenAt: undefined,
      endpoint: undefined,
      endpointProven: false,
    });
    await prove(bench, bench.places[0], end, 1);
  });

  rule("a full table says so and goes on", async (bench) => {
    let id = 1;
    while (bench.plane.set(benchTunnel(id)) === "set") id += 1;
    assert.equal(bench.plane.totals().tunnels, id - 1);
    bench.plane.remove(id - 1);
    assert.equal(bench.plane.set(benchTunnel(id)), "set");
    const end = ayiyaEnd(id, () => bench.nowSec());
    await prove(bench, bench.places[0], end, id);
    await bench.places[0].send("ayiya", end.forward(toHost(id, "the last one")));
    await assertHostHears(bench, "the last one");
  });

  rule("closing twice is closing once, and calls after it do no harm", async (bench) => {
    await openAyiya(bench);
    await Promise.all([bench.plane.close(), bench.plane.close()]);
    bench.plane.set(benchTunnel(1, { beatSec: 60 }));
    bench.plane.check(1);
    bench.plane.remove(1);
    assert.equal(bench.plane.totals().tunnels, 0);
  });
}
