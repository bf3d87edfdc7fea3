import assert from "node:assert/strict";
import { PerformanceObserver } from "node:perf_hooks";
import { test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AyiyaEnd } from "../compliance/ayiya-end.ts";
import { island } from "../compliance/bench.ts";
import { ip4, udpPacket } from "../compliance/inner-packets.ts";
import { benchTunnel, endsOf } from "../compliance/tunnels.ts";
import { counterFields, makeCounterMemory } from "../counters/counters.ts";
import { DropBook, makeDropBookMemory } from "../counters/drop-book.ts";
import { makePingMemory, PingBook } from "../counters/ping-book.ts";
import { limits, netVerdicts, netWord, netWords, ready, tunWord, tunWords } from "../native/layout.ts";
import { dropReasons } from "../plane/drop-reasons.ts";
import { makeTableMemory } from "../table/memory.ts";
import { TableReader } from "../table/reader.ts";
import { TableWriter } from "../table/writer.ts";
import { Engine } from "./engine.ts";
import type { PacketIo } from "./packet-io.ts";

/*
 * The packet path must make no garbage: at 200,000 packets a second the collector would otherwise stop a worker again and again.
 * Here the engine works on batches that are always the same, from arrays that stand ready, and the heap must not grow.
 */
const nowSec = 1_800_000_000;
const batch = 64;
const warmUpTurns = 4000;
const measuredTurns = 3200;
const far = { ipv4: ip4("192.0.2.7"), port: 4000 };

/** One batch that comes again and again, `ready` for one turn each. */
class SteadyIo implements PacketIo {
  readonly netData: Uint8Array = new Uint8Array(limits.netDataBytes);
  readonly netPackets: Int32Array = new Int32Array(limits.netPackets * netWords);
  readonly tunData: Uint8Array = new Uint8Array(limits.tunDataBytes);
  readonly tunPackets: Int32Array = new Int32Array(limits.tunPackets * tunWords);
  readonly netPreset: Int32Array = new Int32Array(batch * netWords);
  readonly tunPreset: Int32Array = new Int32Array(batch * tunWords);
  carried = 0;
  sent = 0;
  #isFresh = true;

  /** Another turn. */
  refresh(): void {
    this.#isFresh = true;
  }

  poll(): number {
    return 0;
  }

  netReceive(): number {
    if (!this.#take()) return 0;
    this.netPackets.set(this.netPreset);
    return batch;
  }

  verifyAyiya(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const at = i * netWords + netWord.verdict;
      if (this.netPackets[at] === netVerdicts.verify) this.netPackets[at] = netVerdicts.accept;
    }
  }

  tunSend(count: number): number {
    let carried = 0;
    for (let i = 0; i < count; i += 1) if (this.netPackets[i * netWords + netWord.verdict] === netVerdicts.accept) carried += 1;
    this.carried += carried;
    return carried;
  }

  tunReceive(): number {
    if (!this.#take()) return 0;
    this.tunPackets.set(this.tunPreset);
    return batch;
  }

  encap(count: number): number {
    for (let i = 0; i < count; i += 1) {
      if ((this.tunPackets[i * tunWords + tunWord.slot] ?? -1) < 0) continue;
      this.tunPackets[i * tunWords + tunWord.result] = 1;
      this.sent += 1;
    }
    return count;
  }

  #take(): boolean {
    const isFresh = this.#isFresh;
    this.#isFresh = false;
    return isFresh;
  }
}

function makeEngine(io: SteadyIo): Engine {
  const table = makeTableMemory(16);
  const writer = new TableWriter(table, { role: "pop", digest: () => new Uint8Array(20), socketOf: () => 0 });
  writer.set(benchTunnel(1, { endpoint: far }));
  writer.set(benchTunnel(2, { encapsulation: "udp", endpoint: far, endpointFixed: true }));
  writer.set(benchTunnel(3, { encapsulation: "udp", enabled: false }));
  const { tunnels } = makeCounterMemory(1, 16);
  const counters = new Float64Array(tunnels[0] ?? new SharedArrayBuffer(0));
  return new Engine({
    role: "pop",
    io,
    table: new TableReader(table),
    outerIp: 0,
    counters,
    reasons: new Float64Array(dropReasons.length),
    drops: new DropBook(makeDropBookMemory()),
    pings: new PingBook(makePingMemory(16)),
    newest: (slot, field) => counters[slot * counterFields + field] ?? 0,
    random: (length) => new Uint8Array(length),
    report: () => assert.fail("nothing is to be reported"),
  });
}

/** Puts one packet for each of the batch, of a few lengths, 2 KiB apart. */
function fill(io: SteadyIo, kind: "net" | "tun", packetOf: (i: number) => Uint8Array): void {
  const [data, preset, words] = kind === "net" ? [io.netData, io.netPreset, netWords] : [io.tunData, io.tunPreset, tunWords];
  for (let i = 0; i < batch; i += 1) {
    const packet = packetOf(i);
    data.set(packet, i * 2048);
    preset[i * words] = i * 2048;
    preset[i * words + 1] = packet.length;
    if (kind === "net") {
      preset[i * netWords + netWord.sourceIp] = far.ipv4.value;
      preset[i * netWords + netWord.sourcePort] = far.port;
    }
  }
}

const collect: () => void = exposeCollector();

function exposeCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** Bytes that a packet leaves on the heap, measured over many turns without a collection. */
async function garbagePerPacket(io: SteadyIo, engine: Engine, bits: number): Promise<number> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
  const run = (turns: number, from: number): void => {
    for (let turn = 0; turn < turns; turn += 1) {
      io.refresh();
      engine.turn(bits, nowSec, from + turn);
    }
  };
  run(warmUpTurns, 0);
  // Compilers that run beside are done, and what they leave is gone, before it counts.
  await pass(50);
  run(warmUpTurns, warmUpTurns);
  await pass(50);
  collect();
  observer.observe({ entryTypes: ["gc"] });
  const before = process.memoryUsage().heapUsed;
  run(measuredTurns, 2 * warmUpTurns);
  const grown = process.memoryUsage().heapUsed - before;
  await pass(5);
  observer.disconnect();
  assert.equal(collections, 0, "the collector ran while it was measured");
  return grown / (measuredTurns * batch);
}

const payload = new Uint8Array(1000);
const ends = endsOf(1);
const toHost = udpPacket({ source: ends.client, sourcePort: 1, destination: island.host, destinationPort: 2, payload });
const toClient = udpPacket({ source: island.host, sourcePort: 2, destination: ends.client, destinationPort: 1, payload });
const spoofed = udpPacket({ source: endsOf(2).client, sourcePort: 1, destination: island.host, destinationPort: 2, payload });
const end = new AyiyaEnd({ secret: "any", identity: ends.client, nowSec: () => nowSec });
const turns = 2 * warmUpTurns + measuredTurns;

test("AYIYA from the network to the kernel leaves no garbage", async () => {
  const io = new SteadyIo();
  fill(io, "net", () => end.forward(toHost));
  const perPacket = await garbagePerPacket(io, makeEngine(io), ready.socket);
  assert.equal(io.carried, turns * batch);
  assert.ok(perPacket < 1, `${perPacket.toFixed(2)} bytes a packet`);
});

test("bare IPv6-in-UDP from the network to the kernel leaves no garbage", async () => {
  const io = new SteadyIo();
  fill(io, "net", () => spoofed);
  const perPacket = await garbagePerPacket(io, makeEngine(io), ready.socket << 1);
  assert.equal(io.carried, turns * batch);
  assert.ok(perPacket < 1, `${perPacket.toFixed(2)} bytes a packet`);
});

test("from the kernel to the network leaves no garbage", async () => {
  const io = new SteadyIo();
  fill(io, "tun", () => toClient);
  const perPacket = await garbagePerPacket(io, makeEngine(io), ready.tun);
  assert.equal(io.sent, turns * batch);
  assert.ok(perPacket < 1, `${perPacket.toFixed(2)} bytes a packet`);
});

test("neither does a flood of packets that are dropped: a wrong inner source, a wrong header, a stranger's identity", async () => {
  const io = new SteadyIo();
  const header = end.forward(toHost);
  header[1] = 0;
  const stranger = end.forward(toHost);
  stranger[15] = 0x99;
  fill(io, "net", (i) => [end.forward(spoofed), header, stranger][i % 3] ?? header);
  const perPacket = await garbagePerPacket(io, makeEngine(io), ready.socket);
  assert.equal(io.carried, 0);
  assert.ok(perPacket < 1, `${perPacket.toFixed(2)} bytes a packet`);
});
