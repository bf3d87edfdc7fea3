import assert from "node:assert/strict";
import { test } from "node:test";
import { island } from "../compliance/bench.ts";
import { echoRequest, innerPacket, udpPacket } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "../compliance/tunnels.ts";
import type { PlaneTrace } from "../plane/plane.ts";

const ends = endsOf(1);

/** Tunnel 1 by UDP and tunnel 2 by AYIYA; tunnel 1 is traced. */
function open(): MemoryBench {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1, { encapsulation: "udp", endpoint: bench.places[0].endpointOf("udp"), endpointFixed: true }));
  bench.plane.set(benchTunnel(2));
  bench.plane.trace(1, 60);
  return bench;
}

function traces(bench: MemoryBench): PlaneTrace[] {
  return bench.events.splice(0).filter((event) => event.kind === "trace");
}

function toHost(): Uint8Array {
  const { host, hostPort } = island;
  return udpPacket({ source: ends.client, sourcePort: 5, destination: host, destinationPort: hostPort, payload: new Uint8Array(3) });
}

test("each decision is told as it happens, with source, length and a line that says what the packet was", () => {
  const bench = open();
  bench.places[0].put("udp", toHost());
  const common = { kind: "trace", id: 1, at: bench.clock.sec, source: bench.places[0].endpointOf("udp") };
  const line = "2001:db8:2ff:1::2 > 2001:db8:ffff::80 UDP 5 > 8080, hop limit 64";
  assert.deepEqual(traces(bench), [{ ...common, direction: "in", decision: "carried", length: 51, summary: line }]);
  bench.places[0].put("udp", toHost().slice(0, -1));
  assert.deepEqual(
    traces(bench).map(({ decision, reason, length }) => [decision, reason, length]),
    [["dropped", "inner-length", 50]],
  );
  bench.wire.route(innerPacket({ source: island.host, destination: ends.client, payload: new Uint8Array(1300) }));
  bench.wire.route(innerPacket({ source: island.host, destination: ends.client }));
  assert.deepEqual(
    traces(bench).map(({ direction, decision, reason, source }) => [direction, decision, reason, source]),
    [
      ["out", "dropped", "too-big", undefined],
      ["out", "carried", undefined, undefined],
    ],
  );
});

test("what the plane makes and answers itself is told, too", () => {
  const bench = open();
  bench.places[0].put(
    "udp",
    echoRequest({ source: ends.client, destination: ends.pop, identifier: 1, sequence: 1, payload: new Uint8Array(8) }),
  );
  assert.deepEqual(
    traces(bench).map(({ direction, decision, summary }) => [direction, decision, summary.replace(/ ICMPv6.*/, "")]),
    [
      ["out", "made", "2001:db8:2ff:1::1 > 2001:db8:2ff:1::2"],
      ["in", "taken", "2001:db8:2ff:1::2 > 2001:db8:2ff:1::1"],
    ],
  );
});

test("drops that are on nobody's account show up where the tunnel is known: a wrong place, a wrong encapsulation, a wrong signature", () => {
  const bench = open();
  bench.places[1].put("udp", toHost());
  bench.places[0].put("proto41", toHost());
  bench.plane.trace(2, 60);
  const end = ayiyaEnd(2, () => bench.clock.sec);
  const forged = end.beat();
  forged[30] = (forged[30] ?? 0) ^ 1;
  bench.places[1].put("ayiya", forged);
  const shown = traces(bench);
  assert.deepEqual(
    shown.map(({ id, reason, source }) => [id, reason, source?.port]),
    [
      [1, "wrong-endpoint", 4001],
      [1, "wrong-encapsulation", 0],
      [2, "bad-signature", 4000],
    ],
  );
  assert.equal(shown[2]?.summary, `AYIYA opcode 0 epoch ${bench.clock.sec}`);
});

test("other tunnels are not told of", () => {
  const bench = open();
  bench.places[0].put("ayiya", ayiyaEnd(2, () => bench.clock.sec).beat());
  assert.deepEqual(traces(bench), []);
});

test("at most fifty a second are told", () => {
  const bench = open();
  for (let i = 0; i < 80; i += 1) bench.places[0].put("udp", toHost());
  assert.equal(traces(bench).length, 50);
  bench.clock.pass(1);
  bench.places[0].put("udp", toHost());
  assert.equal(traces(bench).length, 1);
});

test("a trace ends by itself, at once when it is told to, and after ten minutes at the longest", () => {
  const bench = open();
  bench.clock.pass(60);
  bench.places[0].put("udp", toHost());
  assert.deepEqual(traces(bench), []);
  bench.plane.trace(1, 1e9);
  bench.clock.pass(599);
  bench.places[0].put("udp", toHost());
  assert.equal(traces(bench).length, 1);
  bench.clock.pass(1);
  bench.places[0].put("udp", toHost());
  bench.plane.trace(1, 60);
  bench.plane.trace(1, 0);
  bench.places[0].put("udp", toHost());
  assert.deepEqual(traces(bench), []);
});

test("a tunnel that is gone is traced no more, and neither is the next one in its slot", () => {
  const bench = new MemoryBench({ capacity: 1 });
  const endpoint = bench.places[0].endpointOf("udp");
  bench.plane.trace(1, 60);
  bench.plane.set(benchTunnel(1, { encapsulation: "udp", endpoint, endpointFixed: true }));
  bench.plane.trace(1, 60);
  bench.plane.remove(1);
  bench.plane.set(benchTunnel(2, { encapsulation: "udp", endpoint, endpointFixed: true }));
  bench.wire.route(innerPacket({ source: island.host, destination: endsOf(2).client }));
  assert.deepEqual(traces(bench), []);
});

test("garbage inside is described in printable ASCII", () => {
  const bench = open();
  bench.wire.route(innerPacket({ source: island.host, destination: ends.client, nextHeader: 58, payload: new Uint8Array(2) }));
  bench.wire.route(innerPacket({ source: island.host, destination: ends.client, nextHeader: 99, payload: Uint8Array.of(255, 0, 1, 2, 3) }));
  bench.wire.route(
    innerPacket({ source: island.host, destination: ends.client, nextHeader: 6, payload: Uint8Array.of(255, 255, 0, 1, 2) }),
  );
  for (const { summary } of traces(bench)) assert.match(summary, /^[ -~]{10,200}$/);
});
