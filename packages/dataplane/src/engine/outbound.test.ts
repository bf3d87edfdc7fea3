import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv6, type Ipv6Address } from "@tombolo/base";
import { decodeIcmpv6, decodeIpv6Header, icmpv6Types, ipv6HeaderBytes, nextHeaders } from "@tombolo/protocols";
import { island } from "../compliance/bench.ts";
import { echoRequest, innerPacket, ip6, type InnerWish } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsIn, dropsOf } from "../compliance/prove.ts";
import { benchTunnel, endsOf } from "../compliance/tunnels.ts";
import type { PlaneTunnel } from "../plane/plane.ts";

/** From our kernel into a tunnel. */
const ends = endsOf(1);

function open(wish: Partial<PlaneTunnel> = {}): MemoryBench {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1, { encapsulation: "udp", endpoint: bench.places[0].endpointOf("udp"), endpointFixed: true, ...wish }));
  return bench;
}

function leave(bench: MemoryBench, wish: Partial<InnerWish> = {}): Uint8Array {
  const packet = innerPacket({ source: island.host, destination: ends.client, ...wish });
  bench.wire.route(packet);
  return packet;
}

interface Refusal {
  readonly type: number;
  readonly code: number;
  readonly parameter: number;
  readonly source: Ipv6Address;
  readonly quote: Uint8Array;
}

/** The ICMPv6 errors that the kernel was handed for the host. */
function refusals(bench: MemoryBench): Refusal[] {
  return bench.delivered().map((packet) => {
    const header = decodeIpv6Header(packet);
    const message = decodeIcmpv6(packet);
    assert.ok(header.ok && message.ok && message.value.kind === "error");
    assert.deepEqual(header.value.destination, island.host);
    assert.ok(packet.length <= 1280);
    const { type, code, parameter, quote } = message.value;
    return { type, code, parameter, source: header.value.source, quote };
  });
}

for (const destination of [ends.client, ends.lan]) {
  test(`a packet to ${formatIpv6(destination)} leaves to the tunnel's endpoint, unchanged`, () => {
    const bench = open();
    const packet = leave(bench, { destination, payload: new Uint8Array(200), hopLimit: 7 });
    const { ipv4, port } = bench.places[0].endpointOf("udp");
    assert.deepEqual(bench.sent(), [{ kind: "udp", ip: ipv4.value, port, bytes: packet, tos: 0 }]);
    assert.deepEqual([bench.delivered(), dropsIn(bench)], [[], {}]);
  });
}

test("an unknown endpoint is 1/0, no route: the tunnel is down", () => {
  const bench = open({ endpoint: undefined, endpointFixed: false });
  const packet = leave(bench);
  assert.deepEqual(refusals(bench), [{ type: icmpv6Types.destinationUnreachable, code: 0, parameter: 0, source: ends.pop, quote: packet }]);
  assert.deepEqual(dropsOf(bench, 1), { "tunnel-down": 1 });
  assert.equal(bench.plane.drops(1)[0]?.lastSource, undefined);
  assert.deepEqual(bench.plane.drops(1)[0]?.lastBytes, packet);
});

test("a disabled tunnel is 1/1, administratively prohibited", () => {
  const bench = open({ enabled: false });
  const packet = leave(bench);
  assert.deepEqual(refusals(bench), [{ type: icmpv6Types.destinationUnreachable, code: 1, parameter: 0, source: ends.pop, quote: packet }]);
  assert.deepEqual(dropsOf(bench, 1), { "tunnel-disabled": 1 });
});

for (const mtuBytes of [1280, 1428, 1480]) {
  test(`a packet of ${mtuBytes} bytes fits a tunnel of that MTU; one byte more is answered with 2/0 and ${mtuBytes}`, () => {
    const bench = open({ mtuBytes });
    leave(bench, { payload: new Uint8Array(mtuBytes - ipv6HeaderBytes) });
    assert.equal(bench.sent().length, 1);
    const packet = leave(bench, { payload: new Uint8Array(mtuBytes + 1 - ipv6HeaderBytes) });
    assert.deepEqual(bench.sent(), []);
    assert.deepEqual(refusals(bench), [
      { type: icmpv6Types.packetTooBig, code: 0, parameter: mtuBytes, source: ends.pop, quote: packet.slice(0, 1232) },
    ]);
    assert.deepEqual(dropsOf(bench, 1), { "too-big": 1 });
  });
}

test("an address of the link that is neither end is 1/0, no route", () => {
  const bench = open();
  const packet = leave(bench, { destination: ends.nobody });
  assert.deepEqual(refusals(bench), [{ type: icmpv6Types.destinationUnreachable, code: 0, parameter: 0, source: ends.pop, quote: packet }]);
  assert.deepEqual(dropsOf(bench, 1), { "no-host": 1 });
});

test("a host's ping of ::1 is answered, whether the tunnel is up or not", () => {
  for (const wish of [{}, { endpoint: undefined, endpointFixed: false }]) {
    const bench = open(wish);
    bench.wire.route(
      echoRequest({ source: island.host, destination: ends.pop, identifier: 3, sequence: 4, payload: new Uint8Array(1400) }),
    );
    const [reply] = bench.delivered();
    const message = decodeIcmpv6(reply ?? new Uint8Array(0));
    assert.ok(message.ok && message.value.kind === "echo-reply");
    assert.deepEqual([bench.sent(), dropsIn(bench)], [[], {}]);
  }
});

test("anything else to ::1 is 1/4, port unreachable; ICMPv6 that is no ping is dropped", () => {
  const bench = open();
  const packet = leave(bench, { destination: ends.pop, nextHeader: nextHeaders.tcp, payload: new Uint8Array(20) });
  assert.deepEqual(refusals(bench), [{ type: icmpv6Types.destinationUnreachable, code: 4, parameter: 0, source: ends.pop, quote: packet }]);
  leave(bench, { destination: ends.pop, nextHeader: nextHeaders.icmpv6, payload: Uint8Array.of(129, 0, 0, 0, 0, 0, 0, 0) });
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsOf(bench, 1), { "local-port": 2 });
});

test("what no tunnel has is dropped, and so are link-local and multicast destinations, quietly", () => {
  const bench = open();
  leave(bench, { destination: endsOf(9).client });
  leave(bench, { destination: ip6("fe80::1") });
  leave(bench, { destination: ip6("ff02::2") });
  assert.deepEqual([bench.sent(), bench.delivered()], [[], []]);
  assert.deepEqual(dropsIn(bench), { "no-tunnel": 1, "link-local": 2 });
  assert.deepEqual(bench.plane.drops(1), []);
});

test("a kernel's redirect from its link-local address stays at home, and so does every other source that no router passes on", () => {
  const bench = open();
  for (const source of ["fe80::1", "ff02::1", "::", "::1", "::ffff:192.0.2.1"]) leave(bench, { source: ip6(source) });
  assert.deepEqual([bench.sent(), bench.delivered()], [[], []]);
  assert.deepEqual(dropsIn(bench), { "link-local": 2, "bogus-source": 3 });
});

test("IPv4 and half packets off the device are dropped", () => {
  const bench = open();
  bench.wire.route(Uint8Array.of(0x45, ...new Uint8Array(60)));
  bench.wire.route(innerPacket({ source: island.host, destination: ends.client }).slice(0, 39));
  bench.wire.route(new Uint8Array(0));
  assert.deepEqual(dropsIn(bench), { "not-ipv6": 1, short: 2 });
});

test("an error about an error is not sent, but the drop counts", () => {
  const bench = open({ enabled: false });
  leave(bench, { nextHeader: nextHeaders.icmpv6, payload: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) });
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsOf(bench, 1), { "tunnel-disabled": 1 });
});

test("errors to the uplink are limited to ten a second and tunnel", () => {
  const bench = open({ enabled: false });
  for (let i = 0; i < 30; i += 1) leave(bench);
  assert.equal(refusals(bench).length, 10);
  assert.deepEqual(dropsOf(bench, 1), { "tunnel-disabled": 30 });
});

for (const ecn of [0, 1, 2, 3]) {
  test(`the outer header takes over ECN ${ecn} of the inner one, and no more of its traffic class (RFC 6040, RFC 2983)`, () => {
    const bench = open();
    leave(bench, { trafficClass: 0xb8 | ecn });
    assert.deepEqual(
      bench.sent().map((packet) => packet.tos),
      [ecn],
    );
  });
}

test("a removed tunnel is gone at once, and its totals stay", () => {
  const bench = open();
  leave(bench);
  bench.plane.remove(1);
  leave(bench);
  assert.equal(bench.sent().length, 1);
  assert.deepEqual(dropsIn(bench), { "no-tunnel": 1 });
  assert.equal(bench.plane.totals().outPackets, 1);
  assert.equal(bench.plane.totals().tunnels, 0);
  bench.plane.remove(1);
});
