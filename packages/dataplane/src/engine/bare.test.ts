import assert from "node:assert/strict";
import { test } from "node:test";
import { island } from "../compliance/bench.ts";
import { innerPacket, ip6, type InnerWish } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsIn, dropsOf } from "../compliance/prove.ts";
import { benchTunnel, endsOf } from "../compliance/tunnels.ts";
import type { PlaneTunnel } from "../plane/plane.ts";

/** Protocol 41 and bare IPv6-in-UDP: no signature, so the outer source is all there is (protocol 41 sheet sections 3, 6 and 9). */
const ends = endsOf(1);

const kinds = [
  { encapsulation: "6in4", kind: "proto41" },
  { encapsulation: "udp", kind: "udp" },
] as const;

function innerOf(wish: Partial<InnerWish> = {}): Uint8Array {
  return innerPacket({ source: ends.client, destination: island.host, ...wish });
}

for (const { encapsulation, kind } of kinds) {
  const open = (wish: Partial<PlaneTunnel> = {}): MemoryBench => {
    const bench = new MemoryBench();
    bench.plane.set(benchTunnel(1, { encapsulation, endpoint: bench.places[0].endpointOf(kind), endpointFixed: true, ...wish }));
    return bench;
  };

  test(`${encapsulation}: a packet from the tunnel's endpoint is carried, both ways`, () => {
    const bench = open();
    const packet = innerOf({ payload: Uint8Array.of(5) });
    bench.places[0].put(kind, packet);
    assert.deepEqual(bench.delivered(), [packet]);
    assert.equal(bench.plane.counters(1)?.lastSeenAt, bench.clock.sec);
    const back = innerPacket({ source: island.host, destination: ends.client });
    bench.wire.route(back);
    const { ipv4, port } = bench.places[0].endpointOf(kind);
    assert.deepEqual(bench.sent(), [{ kind, ip: ipv4.value, port, bytes: back, tos: 0 }]);
  });

  test(`${encapsulation}: from another outer source it is dropped silently and moves nothing`, () => {
    const bench = open();
    bench.places[1].put(kind, innerOf());
    assert.deepEqual([bench.delivered(), bench.sent()], [[], []]);
    assert.deepEqual(dropsIn(bench), { "wrong-endpoint": 1 });
    assert.deepEqual(bench.plane.drops(1), []);
    assert.deepEqual(bench.plane.counters(1)?.endpoint, bench.places[0].endpointOf(kind));
    assert.equal(bench.plane.counters(1)?.lastSeenAt, undefined);
  });

  test(`${encapsulation}: an inner source that no tunnel has is unknown, and gets no ICMPv4 answer`, () => {
    const bench = open();
    for (const source of ["2001:4860::1", "2001:db8:2ff:9::2", "::", "fe80::2", "ff02::1"])
      bench.places[0].put(kind, innerOf({ source: ip6(source) }));
    assert.deepEqual(bench.sent(), []);
    assert.deepEqual(dropsIn(bench), { "unknown-tunnel": 5 });
  });

  test(`${encapsulation}: another tunnel's inner source needs that tunnel's endpoint`, () => {
    const bench = open();
    bench.plane.set(benchTunnel(2, { encapsulation, endpoint: bench.places[1].endpointOf(kind), endpointFixed: true }));
    bench.places[0].put(kind, innerOf({ source: endsOf(2).client }));
    assert.deepEqual(dropsIn(bench), { "wrong-endpoint": 1 });
  });

  test(`${encapsulation}: within the link only ::2 may be the source`, () => {
    const bench = open();
    bench.places[0].put(kind, innerOf({ source: ends.pop }));
    bench.places[0].put(kind, innerOf({ source: ends.nobody }));
    assert.deepEqual(bench.delivered(), []);
    assert.deepEqual(dropsOf(bench, 1), { "wrong-source": 2 });
  });

  test(`${encapsulation}: the state of the incoming tunnel counts: a disabled one carries nothing`, () => {
    const bench = open({ enabled: false });
    bench.places[0].put(kind, innerOf());
    assert.deepEqual([bench.delivered(), bench.sent()], [[], []]);
    assert.deepEqual(dropsOf(bench, 1), { "tunnel-disabled": 1 });
  });

  test(`${encapsulation}: a tunnel that has no endpoint takes nothing`, () => {
    const bench = open({ endpoint: undefined });
    bench.places[0].put(kind, innerOf());
    bench.wire.arrive({ kind, ip: 0, port: 0, bytes: innerOf(), tos: 0 });
    assert.deepEqual(dropsIn(bench), { "wrong-endpoint": 2 });
  });

  test(`${encapsulation}: a tunnel of another encapsulation is not reached this way`, () => {
    const bench = open({ encapsulation: "ayiya" });
    bench.places[0].put(kind, innerOf());
    assert.deepEqual(dropsIn(bench), { "wrong-encapsulation": 1 });
  });

  test(`${encapsulation}: less than an IPv6 header is short, and a payload cut short is refused`, () => {
    const bench = open();
    bench.places[0].put(kind, innerOf().slice(0, 39));
    bench.places[0].put(kind, new Uint8Array(0));
    bench.places[0].put(kind, innerOf({ payload: new Uint8Array(9) }).slice(0, 45));
    assert.deepEqual(dropsIn(bench), { short: 2, "inner-length": 1 });
  });

  test(`${encapsulation}: padding behind the inner packet is stripped`, () => {
    const bench = open();
    const padded = new Uint8Array(60);
    padded.set(innerOf());
    bench.places[0].put(kind, padded);
    assert.deepEqual(bench.delivered(), [innerOf()]);
  });

  test(`${encapsulation}: a beat is not sent, since nobody would understand it`, () => {
    const bench = open({ beatSec: 60 });
    assert.deepEqual(bench.sent(), []);
  });

  test(`${encapsulation}: an endpoint that the control moves, a heartbeat's say, counts from the next packet on`, () => {
    const bench = open();
    bench.plane.set(benchTunnel(1, { encapsulation, endpoint: bench.places[1].endpointOf(kind), endpointFixed: true }));
    bench.places[0].put(kind, innerOf());
    bench.places[1].put(kind, innerOf());
    assert.equal(bench.delivered().length, 1);
    assert.deepEqual(dropsIn(bench), { "wrong-endpoint": 1 });
  });
}

test("a source port matters for UDP and there is none for protocol 41", () => {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1, { encapsulation: "udp", endpoint: bench.places[0].endpointOf("udp"), endpointFixed: true }));
  const { ipv4, port } = bench.places[0].endpointOf("udp");
  bench.wire.arrive({ kind: "udp", ip: ipv4.value, port: port + 1, bytes: innerOf(), tos: 0 });
  assert.deepEqual(dropsIn(bench), { "wrong-endpoint": 1 });
});

/** RFC 6040 section 4.2, as codes: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE; -1 drops. */
const decapsulated = [
  { inner: 0, byOuter: [0, 0, 0, -1] },
  { inner: 1, byOuter: [1, 1, 1, 3] },
  { inner: 2, byOuter: [2, 1, 2, 3] },
  { inner: 3, byOuter: [3, 3, 3, 3] },
];
for (const { inner, byOuter } of decapsulated) {
  for (const [outer, expected] of byOuter.entries()) {
    test(`ECN ${inner} inside ECN ${outer} comes out as ${expected < 0 ? "nothing" : expected}, and DSCP and flow label stay`, () => {
      const bench = new MemoryBench();
      bench.plane.set(benchTunnel(1, { encapsulation: "6in4", endpoint: bench.places[0].endpointOf("proto41"), endpointFixed: true }));
      const packet = innerOf({ trafficClass: 0xb8 | inner });
      packet[1] = (packet[1] ?? 0) | 0x0a;
      packet[3] = 0x77;
      bench.places[0].put("proto41", packet, 0xfc | outer);
      const carried = packet.slice();
      carried[1] = ((packet[1] ?? 0) & 0xcf) | (expected << 4);
      assert.deepEqual(bench.delivered(), expected < 0 ? [] : [carried]);
      assert.deepEqual(dropsOf(bench, 1), expected < 0 ? { ecn: 1 } : {});
    });
  }
}

test("where the kernel does not tell the outer TOS the inner ECN stays as it is", () => {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1, { encapsulation: "6in4", endpoint: bench.places[0].endpointOf("proto41"), endpointFixed: true }));
  const packet = innerOf({ trafficClass: 2 });
  bench.places[0].put("proto41", packet, -1);
  assert.deepEqual(bench.delivered(), [packet]);
});
