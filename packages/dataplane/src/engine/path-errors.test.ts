import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeIpv6Header } from "@tombolo/protocols";
import { island } from "../compliance/bench.ts";
import { innerPacket } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { dropsIn, dropsOf } from "../compliance/prove.ts";
import { benchTunnel, endsOf } from "../compliance/tunnels.ts";

/** Protocol 41 sheet section 4: which ICMPv4 errors are believed, and what becomes of them. */
const ends = endsOf(1);
const hereIp = 0xc633_6407;
const router = 0xc000_0201;

function open(): MemoryBench {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1, { encapsulation: "6in4", endpoint: bench.places[0].endpointOf("proto41"), endpointFixed: true }));
  bench.plane.set(benchTunnel(2));
  return bench;
}

interface Wish {
  readonly type?: number;
  readonly code?: number;
  readonly protocol?: number;
  readonly to?: number;
  readonly inner?: Uint8Array;
  readonly keptBytes?: number;
}

const sent = innerPacket({ source: island.host, destination: ends.client, payload: new Uint8Array(100) });

/** An ICMPv4 error that quotes a protocol 41 packet to the tunnel's endpoint. */
function errorOf(wish: Wish): Uint8Array {
  const inner = wish.inner ?? sent;
  const packet = new Uint8Array(8 + 20 + inner.length);
  packet.set([wish.type ?? 3, wish.code ?? 1]);
  packet[8] = 0x45;
  packet[8 + 9] = wish.protocol ?? 41;
  new DataView(packet.buffer).setUint32(8 + 16, wish.to ?? hereIp);
  packet.set(inner, 28);
  return packet.slice(0, wish.keptBytes ?? packet.length);
}

test("an unreachable endpoint is told to the inner source as 1/3 from ::1, and counted with the router that said so", () => {
  for (const wish of [{}, { code: 2 } as Wish, { code: 13 }, { type: 11, code: 0 }, { type: 12 }, { keptBytes: 68 }]) {
    const bench = open();
    bench.wire.complain(router, errorOf(wish));
    const [answer] = bench.delivered();
    assert.ok(answer !== undefined);
    const header = decodeIpv6Header(answer);
    assert.ok(header.ok);
    assert.deepEqual([header.value.source, header.value.destination, answer[40], answer[41]], [ends.pop, island.host, 1, 3]);
    const quoted = sent.slice(0, (wish.keptBytes ?? 28 + sent.length) - 28);
    assert.deepEqual(answer.slice(48), quoted, "the quote is what came");
    assert.deepEqual(dropsOf(bench, 1), { "path-error": 1 });
    assert.equal(bench.plane.drops(1)[0]?.lastSource?.ipv4.value, router);
  }
});

test("a forged 3/4 shrinks nothing: it is counted, and packets pass as before", () => {
  const bench = open();
  bench.wire.complain(router, errorOf({ code: 4 }));
  assert.deepEqual(bench.delivered(), []);
  assert.deepEqual(dropsOf(bench, 1), { "path-error": 1 });
  bench.wire.route(innerPacket({ source: island.host, destination: ends.client, payload: new Uint8Array(1240) }));
  assert.equal(bench.sent().length, 1);
});

test("what does not quote a packet that we may have sent is not believed", () => {
  const bench = open();
  const other = innerPacket({ source: island.host, destination: endsOf(2).client });
  const nobody = innerPacket({ source: island.host, destination: endsOf(9).client });
  const wishes: Wish[] = [
    { to: router },
    { protocol: 17 },
    { inner: other },
    { inner: nobody },
    { type: 8 },
    { type: 5 },
    { keptBytes: 67 },
  ];
  for (const wish of wishes) bench.wire.complain(router, errorOf(wish));
  for (let length = 0; length < 67; length += 1) bench.wire.complain(router, errorOf({ keptBytes: length }));
  assert.deepEqual([bench.delivered(), dropsIn(bench)], [[], {}]);
});

test("an error about an error is not answered, and a flood of them is answered ten times a second", () => {
  const bench = open();
  const unreachable = innerPacket({
    source: island.host,
    destination: ends.client,
    nextHeader: 58,
    payload: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0),
  });
  bench.wire.complain(router, errorOf({ inner: unreachable }));
  assert.deepEqual(bench.delivered(), []);
  for (let i = 0; i < 100; i += 1) bench.wire.complain(router, errorOf({}));
  assert.equal(bench.delivered().length, 10);
});
