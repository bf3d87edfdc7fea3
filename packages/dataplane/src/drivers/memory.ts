import { createHash } from "node:crypto";
import { assert, type MonotonicClock, type Random, type WallClock } from "@tombolo/base";
import { makeCounterMemory, counterFields } from "../counters/counters.ts";
import { DropBook, makeDropBookMemory } from "../counters/drop-book.ts";
import { makePingMemory, PingBook } from "../counters/ping-book.ts";
import { Engine } from "../engine/engine.ts";
import { slotAt } from "../native/layout.ts";
import type { DataPlane, PlaneEvent, PlaneOptions } from "../plane/plane.ts";
import { makeTableMemory } from "../table/memory.ts";
import { TableReader } from "../table/reader.ts";
import { PlaneControl } from "./control.ts";
import { MemoryIo } from "./memory-io.ts";
import type { MemoryWire } from "./memory-wire.ts";

export interface MemoryPlaneParts {
  readonly wire: MemoryWire;
  readonly wall: WallClock;
  readonly monotonic: MonotonicClock;
  readonly random: Random;
  /** Beats: call `run` every `everySec` of the parts' own time, until the returned function is called. */
  readonly repeat: (everySec: number, run: () => void) => () => void;
}

/** The userspace driver's twin: the same engine and control over packets in memory, in one thread, with the caller's clocks. */
export function openMemoryPlane(
  options: Pick<PlaneOptions, "role" | "capacity">,
  parts: MemoryPlaneParts,
  onEvent: (event: PlaneEvent) => void,
): DataPlane {
  const table = makeTableMemory(options.capacity);
  const counters = makeCounterMemory(1, options.capacity);
  const dropBook = makeDropBookMemory();
  const pings = makePingMemory(options.capacity);
  const [block] = counters.tunnels;
  const [reasons] = counters.reasons;
  assert(block !== undefined && reasons !== undefined, "memory was made for one worker");
  const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha1").update(bytes).digest());
  const io = new MemoryIo(parts.wire, table.slots, digest);
  const reader = new TableReader(table);
  const fields = new Float64Array(block);
  const engine = new Engine({
    role: options.role,
    io,
    table: reader,
    outerIp: 0,
    counters: fields,
    reasons: new Float64Array(reasons),
    drops: new DropBook(dropBook),
    pings: new PingBook(pings),
    newest: (slot, field) => fields[slot * counterFields + field] ?? 0,
    random: parts.random,
    report: (report) => control.take({ ...report, id: reader.word(report.slot, slotAt.id) }),
  });
  const now = (): [number, number] => [parts.wall.nowSec(), parts.monotonic.nowMs()];
  const control: PlaneControl = new PlaneControl({
    options,
    table,
    counters,
    dropBooks: [dropBook],
    pings,
    digest,
    nowSec: () => parts.wall.nowSec(),
    nowMs: () => parts.monotonic.nowMs(),
    onEvent,
    random: parts.random,
    post: (command) => engine.obey(command, ...now()),
    repeat: parts.repeat,
    close: () => {
      parts.wire.onReady = () => {};
      return Promise.resolve();
    },
  });
  let isTurning = false;
  parts.wire.onReady = () => {
    // What the engine itself causes to arrive is found by the next round of the loop.
    if (isTurning) return;
    isTurning = true;
    for (let bits = io.poll(); bits !== 0; bits = io.poll()) engine.turn(bits, ...now());
    isTurning = false;
  };
  return control;
}
