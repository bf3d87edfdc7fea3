import { randomBytes } from "node:crypto";
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from "node:worker_threads";
import { counterFields } from "../counters/counters.ts";
import { DropBook } from "../counters/drop-book.ts";
import { PingBook } from "../counters/ping-book.ts";
import type { EngineCommand } from "../engine/command.ts";
import { Engine } from "../engine/engine.ts";
import type { PacketIo } from "../engine/packet-io.ts";
import { limits, netWords, ready, slotAt, tunWords } from "../native/layout.ts";
import { loadAddon } from "../native/load.ts";
import type { TableMemory } from "../table/memory.ts";
import { TableReader } from "../table/reader.ts";
import type { WorkerReport } from "./control.ts";

/** What a worker is started with. File descriptors are the process's own, so a number is enough. */
export interface WorkerStart {
  readonly role: "pop" | "client";
  readonly outerIp: number;
  readonly index: number;
  readonly tunFd: number;
  readonly wakeFd: number;
  /** In the order of `socketKinds`, then the one of errors; -1 where a kind is not opened. */
  readonly sockets: readonly { readonly fd: number; readonly kind: "udp" | "proto41" }[];
  readonly table: TableMemory;
  readonly counters: readonly SharedArrayBuffer[];
  readonly reasons: SharedArrayBuffer;
  readonly dropBook: SharedArrayBuffer;
  readonly pings: SharedArrayBuffer;
}

/** A thread that is blocked outside of JavaScript cannot be ended, and would hold up the end of a process that failed. */
const longestPollMs = 1000;

/** Blocks in `poll` for its whole life: commands come by a port that is read when the wake descriptor says so. */
function run(start: WorkerStart, port: MessagePort): void {
  const io = makeIo(start);
  const table = new TableReader(start.table);
  const blocks = start.counters.map((block) => new Float64Array(block));
  const engine = new Engine({
    role: start.role,
    io,
    table,
    outerIp: start.outerIp,
    counters: blocks[start.index] ?? new Float64Array(0),
    reasons: new Float64Array(start.reasons),
    drops: new DropBook(start.dropBook),
    pings: new PingBook(start.pings),
    newest: (slot, field) => blocks.reduce((most, block) => Math.max(most, block[slot * counterFields + field] ?? 0), 0),
    random: (length) => new Uint8Array(randomBytes(length)),
    report: (report) => {
      const message: WorkerReport = { ...report, id: table.word(report.slot, slotAt.id) };
      port.postMessage(message);
    },
  });
  // performance.now() begins anew in each thread, but a ping is sent by one, answered to another and counted by a third.
  const beganMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  for (;;) {
    const bits = io.poll(longestPollMs);
    const nowSec = Math.floor(Date.now() / 1000);
    if ((bits & ready.wake) !== 0) {
      for (let entry = receiveMessageOnPort(port); entry !== undefined; entry = receiveMessageOnPort(port)) {
        const command = entry.message as EngineCommand | "stop";
        if (command === "stop") return;
        engine.obey(command, nowSec, beganMs + performance.now());
      }
    }
    engine.turn(bits, nowSec, beganMs + performance.now());
  }
}

function makeIo(start: WorkerStart): PacketIo {
  const buffers = {
    netData: new Uint8Array(limits.netDataBytes),
    netPackets: new Int32Array(limits.netPackets * netWords),
    tunData: new Uint8Array(limits.tunDataBytes),
    tunPackets: new Int32Array(limits.tunPackets * tunWords),
  };
  const engine = loadAddon().makeEngine({
    tunFd: start.tunFd,
    wakeFd: start.wakeFd,
    sockets: start.sockets,
    slots: new Uint8Array(start.table.slots),
    ...buffers,
  });
  return {
    ...buffers,
    poll: (timeoutMs) => engine.poll(timeoutMs),
    netReceive: (socket) => engine.netReceive(socket),
    verifyAyiya: (count) => engine.verifyAyiya(count),
    tunSend: (count) => engine.tunSend(count),
    tunReceive: () => engine.tunReceive(),
    encap: (count, epochSec) => engine.encap(count, epochSec),
  };
}

if (parentPort !== null) run(workerData as WorkerStart, parentPort);
