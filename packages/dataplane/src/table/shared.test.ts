import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { encodeIpv6, makeIpv4, makeIpv6, makePrefix, makeSeededNumbers } from "@tombolo/base";
import { ip6 } from "../compliance/inner-packets.ts";
import { slotFlags } from "../native/layout.ts";
import type { PlaneTunnel } from "../plane/plane.ts";
import { makeTableMemory, type TableMemory } from "./memory.ts";
import { TableReader } from "./reader.ts";
import { TableWriter } from "./writer.ts";

/*
 * The writer in this thread, a reader in another one. This file is both: as a worker it reads until told to stop, and counts what it saw.
 */
interface Watch {
  readonly kind: "endpoint" | "lookups";
  readonly table: TableMemory;
  /** See `seat`. */
  readonly seats: SharedArrayBuffer;
}

/** Words that the two threads share besides the table. */
const seat = { ready: 0, stop: 1, reads: 2, different: 3, wrong: 4 } as const;

const stayers = 16;

function tunnelOf(id: number): PlaneTunnel {
  const link = makePrefix(makeIpv6(ip6("2001:db8::").value + (BigInt(id) << 64n)), 64);
  return {
    id,
    encapsulation: "udp",
    enabled: true,
    localAddress: makeIpv6(link.address.value + 1n),
    remoteAddress: makeIpv6(link.address.value + 2n),
    prefixes: [link],
    mtuBytes: 1280,
    secret: undefined,
    endpoint: undefined,
    endpointFixed: false,
    beatSec: 0,
  };
}

function watch({ kind, table, seats }: Watch): void {
  const words = new Int32Array(seats);
  const reader = new TableReader(table);
  const look = kind === "endpoint" ? makeEndpointLook(reader, table.capacity - stayers) : makeStayersLook(reader, table.capacity - stayers);
  Atomics.store(words, seat.ready, 1);
  Atomics.notify(words, seat.ready);
  while (Atomics.load(words, seat.stop) === 0) {
    for (let i = 0; i < 64; i += 1) {
      const seen = look();
      Atomics.add(words, seat.reads, 1);
      if (seen.isWrong) Atomics.add(words, seat.wrong, 1);
      if (seen.isDifferent) Atomics.add(words, seat.different, 1);
    }
  }
}

type Look = () => { readonly isWrong: boolean; readonly isDifferent: boolean };

/** Address n goes with port n mod 65,536, and odd ones are proven. */
function makeEndpointLook(reader: TableReader, slot: number): Look {
  let last = 0;
  return () => {
    reader.readEndpoint(slot);
    // The writer lost the processor inside; the reader did not wait for it, and says that there is no endpoint.
    if (reader.endpointFlags === 0) return { isWrong: false, isDifferent: false };
    const ip = reader.endpointIp;
    const isTorn = reader.endpointPort !== (ip & 0xffff) || ((reader.endpointFlags & slotFlags.proven) !== 0) !== ((ip & 1) === 1);
    const isDifferent = ip !== last;
    last = ip;
    return { isWrong: isTorn, isDifferent };
  };
}

/** Tunnels that nobody touches are found, whatever moves around them. */
function makeStayersLook(reader: TableReader, firstSlot: number): Look {
  let i = 0;
  return () => {
    i = (i + 1) % stayers;
    return { isWrong: !finds(reader, i, firstSlot + i), isDifferent: true };
  };
}

const farEnds = Array.from({ length: stayers }, (_, i) => {
  const view = new DataView(encodeIpv6(tunnelOf(i + 1).remoteAddress).buffer);
  return [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)] as const;
});

/** Stayer `i` is found both ways. */
function finds(reader: TableReader, i: number, slot: number): boolean {
  const words = farEnds[i] ?? [0, 0, 0, 0];
  return reader.findByIdentity(...words) === slot && reader.findByAddress(...words) === slot;
}

interface Crowd {
  readonly table: TableMemory;
  readonly writer: TableWriter;
  /** Everybody but the stayers. */
  readonly others: readonly number[];
}

/** Half full and small, and the stayers came last: nearly every removal moves one of them. */
function makeCrowd(capacity: number): Crowd {
  const table = makeTableMemory(capacity);
  const writer = new TableWriter(table, { role: "pop", digest: () => new Uint8Array(20), socketOf: () => 0 });
  const others = Array.from({ length: capacity - stayers }, (_, i) => stayers + 1 + i);
  for (const id of others) writer.set(tunnelOf(id));
  for (let id = 1; id <= stayers; id += 1) writer.set(tunnelOf(id));
  return { table, writer, others };
}

async function withWatch(kind: Watch["kind"], capacity: number, write: (crowd: Crowd, seen: Int32Array) => void): Promise<Int32Array> {
  const crowd = makeCrowd(capacity);
  const { table, writer } = crowd;
  writer.setEndpoint(capacity - stayers, { ipv4: makeIpv4(0), port: 0 }, { proven: false, epochSec: 0, budgetBytes: 0 });
  const seats = new SharedArrayBuffer(64);
  const words = new Int32Array(seats);
  const worker = new Worker(new URL(import.meta.url), { workerData: { kind, table, seats } satisfies Watch });
  const ended = new Promise<void>((resolve, reject) => worker.once("exit", () => resolve()).once("error", reject));
  await Promise.race([ended, Atomics.waitAsync(words, seat.ready, 0).value]);
  write(crowd, words);
  Atomics.store(words, seat.stop, 1);
  await ended;
  return words;
}

if (isMainThread) {
  test("a worker that reads while the endpoint moves never sees half of a move", async () => {
    const words = await withWatch("endpoint", stayers, ({ writer }, seen) => {
      for (let n = 1; n <= 4_000_000 && (n < 100_000 || Atomics.load(seen, seat.different) < 1000); n += 1) {
        writer.setEndpoint(0, { ipv4: makeIpv4(n), port: n & 0xffff }, { proven: (n & 1) === 1, epochSec: 0, budgetBytes: 0 });
        // A moment between two moves, as there always is.
        for (let i = 0; i < 50; i += 1) Atomics.load(seen, seat.stop);
      }
    });
    assert.ok(
      (words[seat.different] ?? 0) > 100,
      `the reader saw ${words[seat.different]} different endpoints in ${words[seat.reads]} reads`,
    );
    assert.equal(words[seat.wrong], 0);
  });

  test("a worker finds the tunnels that stay, while others around them come and go", async () => {
    const number = makeSeededNumbers(3);
    const words = await withWatch("lookups", 64, ({ writer, others }) => {
      const live = [...others];
      for (let id = 65; id <= 40_000; id += 1) {
        const at = number(live.length);
        writer.remove(live[at] ?? 0);
        writer.set(tunnelOf(id));
        live[at] = id;
      }
    });
    assert.ok((words[seat.reads] ?? 0) > 1000, `${words[seat.reads]} look-ups`);
    assert.equal(words[seat.wrong], 0, `of ${words[seat.reads]} look-ups`);
  });

  test("after every single store of a removal, the tunnels that stay are found", (t) => {
    const { table, writer, others } = makeCrowd(128);
    const reader = new TableReader(table);
    let stores = 0;
    const check = (): void => {
      stores += 1;
      for (let i = 0; i < stayers; i += 1) assert.ok(finds(reader, i, 128 - stayers + i), `stayer ${i}, store ${stores}`);
    };
    const { store, add } = Atomics;
    t.mock.method(Atomics, "store", (words: Int32Array, at: number, value: number) => {
      store(words, at, value);
      check();
      return value;
    });
    t.mock.method(Atomics, "add", (words: Int32Array, at: number, value: number) => {
      const before = add(words, at, value);
      check();
      return before;
    });
    for (const id of others) writer.remove(id);
    assert.ok(stores > others.length);
  });

  test("a look-up that a removal overtakes at any of its steps still finds the tunnel", (t) => {
    const { load } = Atomics;
    let countdown = -1;
    let overtake: () => void = () => {};
    t.mock.method(Atomics, "load", (words: Int32Array, at: number) => {
      if (countdown >= 0) countdown -= 1;
      if (countdown === 0) overtake();
      return load(words, at);
    });
    let overtaken = 0;
    for (let step = 1; step <= 12; step += 1) {
      const { table, writer, others } = makeCrowd(64);
      const reader = new TableReader(table);
      for (const id of others) {
        overtake = () => {
          overtaken += 1;
          writer.remove(id);
        };
        for (let i = 0; i < stayers; i += 1) {
          countdown = step;
          assert.ok(finds(reader, i, writer.slotOf(i + 1)), `stayer ${i} while ${id} leaves at step ${step}`);
          countdown = -1;
          writer.set(tunnelOf(id));
        }
      }
    }
    assert.ok(overtaken > 1000);
  });
} else {
  watch(workerData as Watch);
}
