import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex } from "@tombolo/base";
import { ayiyaOpcodes, type AyiyaOpcode } from "@tombolo/protocols";
import type { AyiyaEnd } from "../compliance/ayiya-end.ts";
import { island } from "../compliance/bench.ts";
import { innerPacket } from "../compliance/inner-packets.ts";
import { MemoryBench } from "../compliance/memory-bench.ts";
import { prove } from "../compliance/prove.ts";
import { ayiyaEnd, benchTunnel, endsOf } from "../compliance/tunnels.ts";

/** AYIYA sheet section 3: a new server should answer opcode 2 and 3 with opcode 4, to a verified endpoint alone. */
const ends = endsOf(1);
const toHost = innerPacket({ source: ends.client, destination: island.host, payload: Uint8Array.of(1, 2, 3) });

/** What opcode 4 brought back, with its next header. */
function echoed(bench: MemoryBench, end: AyiyaEnd): (readonly [number, string])[] {
  const opened = bench.sent().map((packet) => end.open(packet.bytes));
  return opened.flatMap((packet) =>
    packet?.opcode === ayiyaOpcodes.echoResponse ? [[packet.nextHeader, formatHex(packet.payload)] as const] : [],
  );
}

test("opcodes 2 and 3 are answered with opcode 4 and the same payload, with next header 59, to a proven endpoint alone", async () => {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1));
  const end = ayiyaEnd(1, () => bench.clock.sec);
  const ask = (place: 0 | 1, opcode: AyiyaOpcode): (readonly [number, string])[] => {
    bench.places[place].put("ayiya", end.forward(toHost, { opcode }));
    return echoed(bench, end);
  };
  assert.deepEqual(ask(0, ayiyaOpcodes.echoRequest), [], "unproven");
  bench.clock.pass(2);
  await prove(bench, bench.places[0], end, 1);
  const answer = [59, formatHex(toHost)] as const;
  assert.deepEqual(ask(0, ayiyaOpcodes.echoRequest), [answer]);
  assert.deepEqual(ask(0, ayiyaOpcodes.echoRequestAndForward), [answer]);
  assert.deepEqual(ask(1, ayiyaOpcodes.echoRequest), [], "from elsewhere");
  assert.deepEqual(ask(0, ayiyaOpcodes.forward), []);
});

test("an echo longer than the tunnel's MTU is not answered, and no more than a hundred a second are", async () => {
  const bench = new MemoryBench();
  bench.plane.set(benchTunnel(1));
  const end = ayiyaEnd(1, () => bench.clock.sec);
  await prove(bench, bench.places[0], end, 1);
  for (const bytes of [1280, 1281]) {
    const inner = innerPacket({ source: ends.client, destination: island.host, payload: new Uint8Array(bytes - 40) });
    bench.places[0].put("ayiya", end.forward(inner, { opcode: ayiyaOpcodes.echoRequest }));
    assert.equal(echoed(bench, end).length, bytes === 1280 ? 1 : 0);
  }
  for (let i = 0; i < 200; i += 1) bench.places[0].put("ayiya", end.forward(toHost, { opcode: ayiyaOpcodes.echoRequest }));
  assert.equal(echoed(bench, end).length, 99);
});
