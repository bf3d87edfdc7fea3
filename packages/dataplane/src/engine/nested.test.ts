import assert from "node:assert/strict";
import { test } from "node:test";
import { nextHeaders } from "@tombolo/protocols";
import type { AyiyaEnd } from "../compliance/ayiya-end.ts";
import { island } from "../compliance/bench.ts";
import { innerPacket, type InnerWish } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsOf, prove } from "../compliance/prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "../compliance/tunnels.ts";

/** Tunnels in tunnels and fragments: what is inside the inner packet is the far end's own affair, and moves nothing here. */
const ends = endsOf(1);
const others = endsOf(2);

async function open(): Promise<{ bench: MemoryBench; end: AyiyaEnd }> {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1));
  bench.plane.set(benchTunnel(2));
  const end = ayiyaEnd(1, () => bench.clock.sec);
  await prove(bench, bench.places[0], end, 1);
  bench.sent();
  return { bench, end };
}

function enter(bench: MemoryBench, end: AyiyaEnd, wish: Partial<InnerWish>): Uint8Array {
  const packet = innerPacket({ source: ends.client, destination: island.host, ...wish });
  bench.places[0].put("ayiya", end.forward(packet));
  return packet;
}

test("a tunnel in a tunnel is carried as any payload: the addresses inside it are not looked at", async () => {
  const { bench, end } = await open();
  const innermost = innerPacket({ source: others.client, destination: island.host, payload: Uint8Array.of(1, 2, 3) });
  const packet = enter(bench, end, { nextHeader: nextHeaders.ipv6, payload: innermost });
  assert.deepEqual(bench.delivered(), [packet]);
  assert.deepEqual(dropsOf(bench, 1), {});
  assert.deepEqual(dropsOf(bench, 2), {});
  assert.equal(bench.plane.counters(2)?.endpoint, undefined);
});

test("a signed packet of another tunnel inside of ours moves neither: AYIYA is read at the outer door only", async () => {
  const { bench, end } = await open();
  const other = ayiyaEnd(2, () => bench.clock.sec);
  enter(bench, end, { nextHeader: nextHeaders.udp, payload: other.beat() });
  assert.equal(bench.plane.counters(2)?.endpoint, undefined);
  assert.equal(bench.plane.counters(2)?.lastSeenAt, undefined);
  assert.deepEqual(bench.sent(), []);
});

test("a tunnel in a tunnel addressed to our own end is nobody's: local-port, and an answer to its sender", async () => {
  const { bench, end } = await open();
  enter(bench, end, {
    destination: ends.pop,
    nextHeader: nextHeaders.ipv6,
    payload: innerPacket({ source: others.client, destination: ends.client }),
  });
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsOf(bench, 1), { "local-port": 1 });
  assert.equal(bench.sent().length, 1);
});

test("inner fragments pass, first and later ones, for only their receiver puts them together", async () => {
  const { bench, end } = await open();
  const header = (offset: number, more: number): number[] => [nextHeaders.udp, 0, offset >> 5, ((offset << 3) & 0xff) | more, 0, 0, 0, 7];
  const first = enter(bench, end, {
    nextHeader: nextHeaders.fragment,
    payload: Uint8Array.from([...header(0, 1), ...Array<number>(16).fill(1)]),
  });
  const later = enter(bench, end, {
    nextHeader: nextHeaders.fragment,
    payload: Uint8Array.from([...header(2, 0), ...Array<number>(9).fill(2)]),
  });
  assert.deepEqual(bench.delivered(), [first, later]);
});

test("an inner fragment from a stranger's address is dropped as a whole one would be: wrong-source", async () => {
  const { bench, end } = await open();
  enter(bench, end, {
    source: others.client,
    nextHeader: nextHeaders.fragment,
    payload: Uint8Array.from([nextHeaders.udp, 0, 0, 8, 0, 0, 0, 7, 1]),
  });
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsOf(bench, 1), { "wrong-source": 1 });
});

test("a fragment to our own end is put together by nobody: local-port, no echo", async () => {
  const { bench, end } = await open();
  const echo = Uint8Array.from([nextHeaders.icmpv6, 0, 0, 1, 0, 0, 0, 9, 128, 0, 0, 0, 0, 0, 0, 0]);
  enter(bench, end, { destination: ends.pop, nextHeader: nextHeaders.fragment, payload: echo });
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsOf(bench, 1), { "local-port": 1 });
});
