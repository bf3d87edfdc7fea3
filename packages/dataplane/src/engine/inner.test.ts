import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeIpv6, formatIpv6, type Ipv6Address } from "@tombolo/base";
import {
  checksumIsRight,
  decodeIcmpv6,
  decodeIpv6Header,
  icmpv6Types,
  ipv6HeaderBytes,
  nextHeaders,
  type Icmpv6Message,
} from "@tombolo/protocols";
import type { AyiyaEnd } from "../compliance/ayiya-end.ts";
import { island } from "../compliance/bench.ts";
import { echoRequest, innerPacket, ip6, udpPacket, type InnerWish } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsIn, dropsOf, prove } from "../compliance/prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "../compliance/tunnels.ts";
import { unusable } from "./inner.ts";
import { carry, reasonOf } from "./state.ts";

/** AYIYA sheet section 8 and protocol 41 sheet sections 3 and 5: the packet that came out of a tunnel. */
const ends = endsOf(1);

async function open(): Promise<{ bench: MemoryBench; end: AyiyaEnd }> {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1));
  bench.plane.set(benchTunnel(2));
  const end = ayiyaEnd(1, () => bench.clock.sec);
  await prove(bench, bench.places[0], end, 1);
  bench.sent();
  return { bench, end };
}

/** From the client into the tunnel. */
function enter(bench: MemoryBench, end: AyiyaEnd, wish: Partial<InnerWish>): Uint8Array {
  const packet = innerPacket({ source: ends.client, destination: island.host, ...wish });
  bench.places[0].put("ayiya", end.forward(packet));
  return packet;
}

interface Answer {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  readonly hopLimit: number;
  readonly message: Icmpv6Message;
  readonly bytes: Uint8Array;
}

/** What came back through the tunnel, all of it ICMPv6 with a right checksum. */
function answers(bench: MemoryBench, end: AyiyaEnd): Answer[] {
  return bench.sent().map((packet) => {
    const bytes = end.open(packet.bytes)?.payload ?? new Uint8Array(0);
    const header = decodeIpv6Header(bytes);
    const message = decodeIcmpv6(bytes);
    assert.ok(header.ok && message.ok);
    return { ...header.value, message: message.value, bytes };
  });
}

function assertError(answer: Answer | undefined, type: number, code: number, about: Uint8Array): void {
  assert.ok(answer?.message.kind === "error");
  assert.deepEqual([answer.message.type, answer.message.code], [type, code]);
  assert.deepEqual(answer.source, ends.pop);
  assert.equal(answer.hopLimit, 64);
  assert.deepEqual(answer.message.quote, about.slice(0, answer.message.quote.length));
  assert.ok(answer.bytes.length <= 1280);
}

for (const { who, source } of [
  { who: "the far end", source: ends.client },
  { who: "a host of the site behind it", source: ends.lan },
]) {
  test(`a packet of ${who} is carried unchanged`, async () => {
    const { bench, end } = await open();
    const packet = enter(bench, end, { source, payload: Uint8Array.of(1, 2, 3) });
    assert.deepEqual(bench.delivered(), [packet]);
    assert.deepEqual(dropsIn(bench), {});
  });
}

const sources: readonly { readonly source: string; readonly reason: string }[] = [
  { source: "2001:db8:2ff:1::1", reason: "wrong-source" },
  { source: "2001:db8:2ff:1::77", reason: "wrong-source" },
  { source: "2001:db8:2ff:2::2", reason: "wrong-source" },
  { source: "2001:db8:8002::1", reason: "wrong-source" },
  { source: "2001:4860::1", reason: "wrong-source" },
  { source: "2002:c633:6407::1", reason: "wrong-source" },
  { source: "fe80::1", reason: "link-local" },
  { source: "febf:ffff::1", reason: "link-local" },
  { source: "::", reason: "bogus-source" },
  { source: "::1", reason: "bogus-source" },
  { source: "::192.0.2.1", reason: "bogus-source" },
  { source: "::ffff:192.0.2.1", reason: "bogus-source" },
  { source: "ff02::1", reason: "bogus-source" },
  { source: "fec0::1", reason: "wrong-source" },
  { source: "::fffe:c000:201", reason: "wrong-source" },
];
for (const { source, reason } of sources) {
  test(`source ${source} is dropped as ${reason}, without a word to anybody`, async () => {
    const { bench, end } = await open();
    const packet = enter(bench, end, { source: ip6(source) });
    assert.deepEqual([bench.delivered(), bench.sent()], [[], []]);
    assert.deepEqual(dropsOf(bench, 1), { [reason]: 1 });
    assert.deepEqual(bench.plane.drops(1)[0]?.lastBytes, end.forward(packet).slice(0, 128));
    assert.deepEqual(bench.plane.drops(1)[0]?.lastSource, bench.places[0].endpointOf("ayiya"));
  });
}

for (const destination of ["fe80::1", "ff02::2", "ff02::16", "ff0e::1", "::", "::1", "::ffff:192.0.2.1"]) {
  test(`destination ${destination} is dropped quietly: a client's kernel sends such by itself`, async () => {
    const { bench, end } = await open();
    enter(bench, end, { destination: ip6(destination) });
    assert.deepEqual([bench.delivered(), bench.sent()], [[], []]);
    assert.deepEqual(dropsOf(bench, 1), { [destination.startsWith("f") ? "link-local" : "bogus-destination"]: 1 });
  });
}

test("an address's words tell exactly the reserved ranges", () => {
  const judge = (text: string): number => {
    const view = new DataView(encodeIpv6(ip6(text)).buffer);
    return unusable(view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true));
  };
  for (const text of ["fe80::", "febf::1", "ff00::", "ffff::1"]) assert.equal(judge(text), reasonOf.linkLocal, text);
  for (const text of ["::", "::1", "::ffff", "::1.2.3.4", "::ffff:1.2.3.4"]) assert.equal(judge(text), reasonOf.bogusDestination, text);
  for (const text of [
    "fe7f::1",
    "fec0::1",
    "feff::1",
    "fd00::1",
    "2001:db8::1",
    "1::",
    "0:0:1::",
    "::1:0:0",
    "::fffe:0:0",
    "::1:ffff:0:0",
  ]) {
    assert.equal(judge(text), carry, text);
  }
});

test("a ping of ::1 is answered from ::1 with hop limit 64 and the same data", async () => {
  const { bench, end } = await open();
  const payload = Uint8Array.from({ length: 33 }, (_, i) => i);
  const ping = echoRequest({ source: ends.client, destination: ends.pop, identifier: 0xbeef, sequence: 0xfffe, payload });
  bench.places[0].put("ayiya", end.forward(ping));
  const [answer, ...more] = answers(bench, end);
  assert.deepEqual(more, []);
  assert.deepEqual(answer?.message, { kind: "echo-reply", identifier: 0xbeef, sequence: 0xfffe, payload });
  assert.deepEqual([answer.source, answer.destination, answer.hopLimit], [ends.pop, ends.client, 64]);
  assert.deepEqual([bench.delivered(), dropsIn(bench)], [[], {}]);
});

test("a ping with hop limit 1 reaches ::1, which is the next hop", async () => {
  const { bench, end } = await open();
  const ping = echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: 1, payload: new Uint8Array(8) });
  ping[7] = 1;
  bench.places[0].put("ayiya", end.forward(ping));
  assert.equal(answers(bench, end)[0]?.message.kind, "echo-reply");
});

test("a ping from the site behind the tunnel is answered to there", async () => {
  const { bench, end } = await open();
  const ping = echoRequest({ source: ends.lan, destination: ends.pop, identifier: 1, sequence: 1, payload: new Uint8Array(8) });
  bench.places[0].put("ayiya", end.forward(ping));
  assert.deepEqual(answers(bench, end)[0]?.destination, ends.lan);
});

test("a ping of another tunnel's ::1 is answered by the PoP too, over its kernel", async () => {
  const { bench, end } = await open();
  const ping = echoRequest({ source: ends.client, destination: endsOf(2).pop, identifier: 1, sequence: 1, payload: new Uint8Array(8) });
  bench.places[0].put("ayiya", end.forward(ping));
  assert.deepEqual(bench.delivered(), []);
  const [answer] = answers(bench, end);
  assert.equal(answer?.message.kind, "echo-reply");
  assert.deepEqual(answer.source, endsOf(2).pop);
});

test("a ping with a wrong checksum gets no answer", async () => {
  const { bench, end } = await open();
  const ping = echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: 1, payload: new Uint8Array(8) });
  ping[50] = 1;
  bench.places[0].put("ayiya", end.forward(ping));
  assert.deepEqual(bench.sent(), []);
  assert.deepEqual(dropsOf(bench, 1), { "local-port": 1 });
});

test("a ping longer than the tunnel's MTU gets no reply that would not fit, and one of exactly the MTU does", async () => {
  const { bench, end } = await open();
  for (const length of [1280, 1281]) {
    const payload = new Uint8Array(length - 48);
    bench.places[0].put(
      "ayiya",
      end.forward(echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: length, payload })),
    );
  }
  assert.deepEqual(
    answers(bench, end).map((answer) => answer.bytes.length),
    [1280],
  );
  assert.deepEqual(dropsOf(bench, 1), { "too-big": 1 });
});

test("a batch of more pings than fit between two sends is answered whole", async () => {
  const { bench, end } = await open();
  const { onReady } = bench.wire;
  bench.wire.onReady = () => {};
  for (let i = 0; i < 90; i += 1) {
    const ping = echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: i, payload: new Uint8Array(1000) });
    bench.places[0].put("ayiya", end.forward(ping));
  }
  bench.wire.onReady = onReady;
  onReady();
  const sequences = answers(bench, end).map(({ message }) => (message.kind === "echo-reply" ? message.sequence : -1));
  assert.deepEqual(
    sequences,
    Array.from({ length: 90 }, (_, i) => i),
  );
});

test("answers to pings are bounded, per tunnel", async () => {
  const { bench, end } = await open();
  for (let i = 0; i < 300; i += 1) {
    bench.places[0].put(
      "ayiya",
      end.forward(echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: i, payload: new Uint8Array(8) })),
    );
  }
  assert.equal(bench.sent().length, 100);
  assert.equal(dropsOf(bench, 1)["local-port"], 200);
});

test("UDP and TCP to ::1 are answered with 1/4, port unreachable", async () => {
  const { bench, end } = await open();
  const udp = udpPacket({ source: ends.client, sourcePort: 1, destination: ends.pop, destinationPort: 53, payload: new Uint8Array(4) });
  bench.places[0].put("ayiya", end.forward(udp));
  const tcp = enter(bench, end, { destination: ends.pop, nextHeader: nextHeaders.tcp, payload: new Uint8Array(20) });
  const [first, second] = answers(bench, end);
  assertError(first, icmpv6Types.destinationUnreachable, 4, udp);
  assertError(second, icmpv6Types.destinationUnreachable, 4, tcp);
  assert.deepEqual(dropsOf(bench, 1), { "local-port": 2 });
});

test("an echo reply that nobody asked for is dropped", async () => {
  const { bench, end } = await open();
  const reply = echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: 1, payload: new Uint8Array(8) });
  reply[40] = 129;
  bench.places[0].put("ayiya", end.forward(reply));
  assert.deepEqual(dropsOf(bench, 1), { "unasked-reply": 1 });
  assert.deepEqual(bench.sent(), []);
});

function solicitation(hopLimit: number, target: Ipv6Address): Partial<InnerWish> {
  const payload = new Uint8Array(24);
  payload[0] = 135;
  payload.set(encodeIpv6(target), 8);
  return { destination: ends.pop, nextHeader: nextHeaders.icmpv6, hopLimit, payload };
}

test("a neighbour solicitation for ::1 with hop limit 255 is advertised: router and solicited, no link-layer address", async () => {
  const { bench, end } = await open();
  enter(bench, end, solicitation(255, ends.pop));
  const [answer] = answers(bench, end);
  assert.ok(answer?.message.kind === "other");
  assert.equal(answer.message.type, 136);
  assert.deepEqual([answer.source, answer.destination, answer.hopLimit], [ends.pop, ends.client, 255]);
  assert.deepEqual(answer.bytes.slice(44), Uint8Array.of(0xc0, 0, 0, 0, ...encodeIpv6(ends.pop)));
  assert.ok(checksumIsRight(answer.bytes, 0, answer.bytes.length));
});

test("a neighbour solicitation that a router passed on, or for somebody else, is not answered", async () => {
  const { bench, end } = await open();
  enter(bench, end, solicitation(254, ends.pop));
  enter(bench, end, solicitation(255, ends.nobody));
  enter(bench, end, { ...solicitation(255, ends.pop), payload: Uint8Array.of(135, 0, 0, 0, 0, 0, 0, 0) });
  assert.deepEqual(bench.sent(), []);
  assert.deepEqual(dropsOf(bench, 1), { "local-port": 3 });
});

test("in the link's own prefix, but neither end: 1/0, no route", async () => {
  const { bench, end } = await open();
  const packet = enter(bench, end, { destination: ends.nobody });
  assertError(answers(bench, end)[0], icmpv6Types.destinationUnreachable, 0, packet);
  assert.deepEqual(dropsOf(bench, 1), { "no-host": 1 });
});

for (const destination of [ends.client, ends.lan]) {
  test(`what comes from the tunnel and goes into the same tunnel (${formatIpv6(destination)}) is dropped silently`, async () => {
    const { bench, end } = await open();
    enter(bench, end, { destination });
    assert.deepEqual([bench.delivered(), bench.sent()], [[], []]);
    assert.deepEqual(dropsOf(bench, 1), { "same-interface": 1 });
  });
}

test("hop limits 0 and 1 are answered with 3/0, and 2 passes undecremented: our kernel is the same hop", async () => {
  const { bench, end } = await open();
  for (const hopLimit of [0, 1]) {
    const packet = enter(bench, end, { hopLimit });
    assertError(answers(bench, end)[0], icmpv6Types.timeExceeded, 0, packet);
  }
  const packet = enter(bench, end, { hopLimit: 2 });
  assert.deepEqual(bench.delivered(), [packet]);
  assert.deepEqual(dropsOf(bench, 1), { "hop-limit": 2 });
});

test("from tunnel to tunnel the hop limit is counted down once", async () => {
  const { bench, end } = await open();
  const other = ayiyaEnd(2, () => bench.clock.sec);
  await prove(bench, bench.places[1], other, 2);
  bench.sent();
  enter(bench, end, { destination: endsOf(2).client, hopLimit: 10 });
  assert.deepEqual(bench.delivered(), []);
  const [sent] = bench.sent();
  assert.equal(other.open(sent?.bytes ?? new Uint8Array(0))?.payload[7], 9);
});

/** A routing header of type 0 with `left` segments left, behind `before` if given. */
function routing(left: number): Uint8Array {
  return Uint8Array.of(nextHeaders.none, 2, 0, left, 0, 0, 0, 0, ...encodeIpv6(island.host));
}

test("a routing header of type 0 with segments left is refused with 1/1, also behind other extension headers", async () => {
  const { bench, end } = await open();
  const plain = enter(bench, end, { nextHeader: nextHeaders.routing, payload: routing(1) });
  assertError(answers(bench, end)[0], icmpv6Types.destinationUnreachable, 1, plain);
  const hidden = Uint8Array.of(nextHeaders.routing, 0, 1, 4, 0, 0, 0, 0, ...routing(1));
  enter(bench, end, { nextHeader: nextHeaders.destinationOptions, payload: hidden });
  enter(bench, end, { nextHeader: nextHeaders.hopByHop, payload: hidden });
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsOf(bench, 1), { "routing-header": 3 });
});

test("routing headers of other types, of type 0 that are used up, and broken chains are left to who they are for", async () => {
  const { bench, end } = await open();
  const segmentRouting = routing(1);
  segmentRouting[2] = 4;
  enter(bench, end, { nextHeader: nextHeaders.routing, payload: segmentRouting });
  enter(bench, end, { nextHeader: nextHeaders.routing, payload: routing(0) });
  enter(bench, end, { nextHeader: nextHeaders.routing, payload: Uint8Array.of(0, 9) });
  assert.equal(bench.delivered().length, 3);
});

test("bytes behind the inner packet are tolerated and not passed on; too few are refused", async () => {
  const { bench, end } = await open();
  const packet = innerPacket({ source: ends.client, destination: island.host, payload: new Uint8Array(10) });
  const padded = new Uint8Array(packet.length + 6).fill(0xff);
  padded.set(packet);
  bench.places[0].put("ayiya", end.forward(padded));
  bench.places[0].put("ayiya", end.forward(packet.slice(0, -1)));
  assert.deepEqual(bench.delivered(), [packet]);
  assert.deepEqual(dropsOf(bench, 1), { "inner-length": 1 });
});

test("an inner packet that is IPv4 is no IPv6, whatever the header says", async () => {
  const { bench, end } = await open();
  const packet = innerPacket({ source: ends.client, destination: island.host });
  packet[0] = 0x45;
  bench.places[0].put("ayiya", end.forward(packet));
  assert.deepEqual(dropsOf(bench, 1), { "not-ipv6": 1 });
});

test("a packet longer than the tunnel's MTU is accepted from the tunnel, up to what a datagram carries", async () => {
  const { bench, end } = await open();
  for (const length of [1281, 1500, 9000, 65_000]) enter(bench, end, { payload: new Uint8Array(length - ipv6HeaderBytes) });
  assert.deepEqual(
    bench.delivered().map((packet) => packet.length),
    [1281, 1500, 9000, 65_000],
  );
});

test("errors are limited to ten a second and tunnel, with a tunnel's neighbour unharmed", async () => {
  const { bench, end } = await open();
  const other = ayiyaEnd(2, () => bench.clock.sec);
  await prove(bench, bench.places[1], other, 2);
  bench.sent();
  for (let i = 0; i < 50; i += 1) enter(bench, end, { hopLimit: 1 });
  assert.equal(bench.sent().length, 10);
  bench.places[1].put("ayiya", other.forward(innerPacket({ source: endsOf(2).client, destination: island.host, hopLimit: 1 })));
  assert.equal(bench.sent().length, 1);
  bench.clock.pass(1);
  for (let i = 0; i < 50; i += 1) enter(bench, end, { hopLimit: 1 });
  assert.equal(bench.sent().length, 10);
  assert.equal(dropsOf(bench, 1)["hop-limit"], 100);
});

test("all tunnels together cause at most 100 errors a second", async () => {
  const bench = new MemoryBench({ capacity: 64 });
  for (let id = 1; id <= 40; id += 1) {
    bench.plane.set(benchTunnel(id, { encapsulation: "udp", endpoint: bench.places[0].endpointOf("udp"), endpointFixed: true }));
  }
  for (let id = 1; id <= 40; id += 1) {
    for (let i = 0; i < 10; i += 1)
      bench.places[0].put("udp", innerPacket({ source: endsOf(id).client, destination: island.host, hopLimit: 1 }));
  }
  assert.equal(bench.sent().length, 100);
});

test("RFC 4443 2.4 (e): no error about an error, a redirect, or a later fragment", async () => {
  const { bench, end } = await open();
  for (const type of [1, 2, 3, 4, 100, 127, 137]) {
    enter(bench, end, { hopLimit: 1, nextHeader: nextHeaders.icmpv6, payload: Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0) });
  }
  const fragment = Uint8Array.of(nextHeaders.icmpv6, 0, 0, 8, 0, 0, 0, 1, 128, 0, 0, 0, 0, 0, 0, 0);
  enter(bench, end, { hopLimit: 1, nextHeader: nextHeaders.fragment, payload: fragment });
  assert.deepEqual(bench.sent(), []);
  enter(bench, end, { hopLimit: 1, nextHeader: nextHeaders.icmpv6, payload: Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 0) });
  assert.equal(bench.sent().length, 1);
  assert.deepEqual(dropsOf(bench, 1), { "hop-limit": 9 });
});

test("an error quotes as much as fits into 1280 bytes", async () => {
  const { bench, end } = await open();
  const packet = enter(bench, end, { hopLimit: 1, payload: new Uint8Array(3000).fill(0x5a) });
  const [answer] = answers(bench, end);
  assertError(answer, icmpv6Types.timeExceeded, 0, packet);
  assert.equal(answer?.bytes.length, 1280);
});

test("a client takes what comes through its tunnel as its kernel does: any source, its own addresses, any hop limit", () => {
  const bench = new MemoryBench({ role: "client" });
  bench.plane.set(
    benchTunnel(1, {
      encapsulation: "udp",
      localAddress: ends.client,
      remoteAddress: ends.pop,
      prefixes: [{ address: { family: 6, value: 0n }, lengthBits: 0 }],
      endpoint: bench.places[0].endpointOf("udp"),
      endpointFixed: true,
    }),
  );
  const ping = echoRequest({ source: island.host, destination: ends.client, identifier: 1, sequence: 1, payload: new Uint8Array(8) });
  ping[7] = 1;
  const packets = [
    ping,
    innerPacket({ source: ends.pop, destination: ends.client }),
    innerPacket({ source: island.host, destination: ends.lan }),
  ];
  for (const packet of packets) bench.places[0].put("udp", packet);
  bench.places[0].put("udp", innerPacket({ source: ip6("fe80::1"), destination: ends.client }));
  assert.deepEqual(bench.delivered(), packets);
  assert.deepEqual(bench.sent(), []);
  assert.deepEqual(dropsOf(bench, 1), { "link-local": 1 });
});
