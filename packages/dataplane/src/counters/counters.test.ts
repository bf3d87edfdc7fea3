import assert from "node:assert/strict";
import { test } from "node:test";
import { dropReasons } from "../plane/drop-reasons.ts";
import { counter, counterFields, CounterReader, makeCounterMemory } from "./counters.ts";

function makeWorkers(count: number): { reader: CounterReader; add: (worker: number, slot: number, field: number, value: number) => void } {
  const memory = makeCounterMemory(count, 4);
  const blocks = memory.tunnels.map((block) => new Float64Array(block));
  return {
    reader: new CounterReader(memory),
    add: (worker, slot, field, value) => {
      const block = blocks[worker];
      const at = slot * counterFields + field;
      if (block !== undefined) block[at] = (block[at] ?? 0) + value;
    },
  };
}

test("a counter is the sum over all workers, and each slot has its own", () => {
  const { reader, add } = makeWorkers(3);
  for (const worker of [0, 1, 2]) add(worker, 1, counter.inBytes, 1000 * (worker + 1));
  add(0, 2, counter.inBytes, 7);
  assert.deepEqual([reader.sum(0, counter.inBytes), reader.sum(1, counter.inBytes), reader.sum(2, counter.inBytes)], [0, 6000, 7]);
  assert.equal(reader.sum(1, counter.inPackets), 0);
});

test("the newest sighting over all workers counts", () => {
  const { reader, add } = makeWorkers(2);
  assert.equal(reader.newest(1, counter.lastSeenSec), 0);
  add(0, 1, counter.lastSeenSec, 1_800_000_005);
  add(1, 1, counter.lastSeenSec, 1_800_000_003);
  assert.equal(reader.newest(1, counter.lastSeenSec), 1_800_000_005);
});

test("a reused slot's next tunnel starts at zero, whatever its last one counted", () => {
  const { reader, add } = makeWorkers(2);
  for (const worker of [0, 1]) {
    add(worker, 1, counter.outPackets, 50);
    add(worker, 1, counter.lastSeenSec, 1_800_000_000);
  }
  reader.rebase(1);
  assert.deepEqual([reader.sum(1, counter.outPackets), reader.newest(1, counter.lastSeenSec)], [0, 0]);
  add(1, 1, counter.outPackets, 3);
  add(1, 1, counter.lastSeenSec, 9);
  assert.deepEqual([reader.sum(1, counter.outPackets), reader.newest(1, counter.lastSeenSec)], [3, 1_800_000_009]);
  reader.rebase(1);
  assert.deepEqual([reader.sum(1, counter.outPackets), reader.newest(1, counter.lastSeenSec)], [0, 0]);
});

test("a byte counter does not lose single bytes after petabytes", () => {
  const { reader, add } = makeWorkers(1);
  add(0, 0, counter.inBytes, 2 ** 52);
  add(0, 0, counter.inBytes, 1);
  assert.equal(reader.sum(0, counter.inBytes), 2 ** 52 + 1);
});

test("reasons are summed over all workers", () => {
  const memory = makeCounterMemory(2, 1);
  for (const block of memory.reasons) new Float64Array(block)[dropReasons.length - 1] = 4;
  assert.equal(new CounterReader(memory).reason(dropReasons.length - 1), 8);
});
