import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSeededNumbers, wallSec } from "@tombolo/base";
import { dropIndex, type DropReason } from "../plane/drop-reasons.ts";
import { ip4 } from "../compliance/inner-packets.ts";
import type { DropRecord } from "../plane/plane.ts";
import { DropBook, makeDropBookMemory, mergeDrops } from "./drop-book.ts";

const from = ip4("198.51.100.7");
const startSec = 1_800_000_000;

interface Drop {
  readonly slot: number;
  readonly reason: DropReason;
  readonly atSec?: number;
  readonly bytes?: Uint8Array;
  readonly ip?: number;
}

function note(book: DropBook, drop: Drop): void {
  const bytes = drop.bytes ?? Uint8Array.of(1, 2, 3);
  book.note(drop.slot, dropIndex(drop.reason), drop.atSec ?? startSec, bytes, 0, bytes.length, drop.ip ?? from.value, 4242);
}

test("a record tells reason, count, last time, last source and the first bytes", () => {
  const book = new DropBook(makeDropBookMemory());
  note(book, { slot: 3, reason: "wrong-source", bytes: Uint8Array.of(9) });
  note(book, { slot: 3, reason: "wrong-source", atSec: startSec + 5, bytes: Uint8Array.of(4, 5, 6) });
  assert.deepEqual(book.read(3), [
    {
      reason: "wrong-source",
      count: 2,
      lastAt: startSec + 5,
      lastSource: { ipv4: from, port: 4242 },
      lastBytes: Uint8Array.of(4, 5, 6),
    },
  ]);
  assert.deepEqual(book.read(2), []);
});

test("a source above 128.0.0.0, a time after 2038 and no source at all read as they were written", () => {
  const book = new DropBook(makeDropBookMemory());
  note(book, { slot: 0, reason: "too-big", atSec: 0x9000_0000, ip: ip4("203.0.113.250").value });
  note(book, { slot: 1, reason: "too-big", ip: 0 });
  assert.equal(book.read(0)[0]?.lastSource?.ipv4.value, ip4("203.0.113.250").value);
  assert.equal(book.read(0)[0]?.lastAt, 0x9000_0000);
  assert.equal(book.read(1)[0]?.lastSource, undefined);
});

test("128 bytes are kept, of a part of an array only that part, and no byte of an older and longer packet", () => {
  const book = new DropBook(makeDropBookMemory());
  note(book, { slot: 0, reason: "ecn", bytes: new Uint8Array(500).fill(0xaa) });
  assert.deepEqual(book.read(0)[0]?.lastBytes, new Uint8Array(128).fill(0xaa));
  const around = new Uint8Array(300).fill(0x11);
  around.fill(0x22, 100, 140);
  book.note(0, dropIndex("ecn"), startSec + 1, around, 100, 40, 0, 0);
  assert.deepEqual(book.read(0)[0]?.lastBytes, new Uint8Array(40).fill(0x22));
});

test("within one second the count goes on and the bytes stay, so that a flood costs no copying", () => {
  const book = new DropBook(makeDropBookMemory());
  for (let i = 0; i < 1000; i += 1) note(book, { slot: 0, reason: "bad-signature", bytes: Uint8Array.of(i & 0xff) });
  assert.equal(book.read(0)[0]?.count, 1000);
  assert.deepEqual(book.read(0)[0]?.lastBytes, Uint8Array.of(0));
});

test("hundreds of tunnels with one trouble each all have their record", () => {
  const book = new DropBook(makeDropBookMemory());
  for (let slot = 0; slot < 300; slot += 1) note(book, { slot, reason: "wrong-source", atSec: startSec + slot });
  const missing = Array.from({ length: 300 }, (_, slot) => slot).filter((slot) => book.read(slot).length === 0);
  assert.ok(missing.length < 10, `${missing.length} of 300 were pushed out of a book of 1024`);
});

test("a full book gives up old entries, never mixes two tunnels, and never counts more than there was", () => {
  const book = new DropBook(makeDropBookMemory());
  const number = makeSeededNumbers(11);
  const reasons: DropReason[] = ["wrong-source", "too-big", "clock-off", "hop-limit", "no-host"];
  const truth = new Map<string, number>();
  for (let i = 0; i < 50_000; i += 1) {
    const slot = number(3000);
    const reason = reasons[number(reasons.length)] ?? "short";
    truth.set(`${slot} ${reason}`, (truth.get(`${slot} ${reason}`) ?? 0) + 1);
    note(book, { slot, reason, atSec: startSec + i, bytes: new TextEncoder().encode(`${slot} ${reason}`) });
  }
  let records = 0;
  for (let slot = 0; slot < 3000; slot += 1) {
    const seen = new Set<string>();
    for (const record of book.read(slot)) {
      records += 1;
      const key = `${slot} ${record.reason}`;
      assert.equal(new TextDecoder().decode(record.lastBytes), key);
      assert.ok(record.count >= 1 && record.count <= (truth.get(key) ?? 0), key);
      assert.ok(!seen.has(key), `${key} has one record`);
      seen.add(key);
    }
  }
  assert.ok(records > 900 && records <= 1024, `${records} records in use`);
});

test("the newest drop of all is always in the book", () => {
  const book = new DropBook(makeDropBookMemory());
  for (let i = 0; i < 5000; i += 1) {
    note(book, { slot: i, reason: "short", atSec: startSec + i });
    assert.equal(book.read(i)[0]?.count, 1);
  }
});

test("a forgotten slot has no records, and starts anew", () => {
  const book = new DropBook(makeDropBookMemory());
  note(book, { slot: 1, reason: "short" });
  note(book, { slot: 1, reason: "ecn" });
  note(book, { slot: 2, reason: "ecn" });
  book.forget(1);
  assert.deepEqual([book.read(1).length, book.read(2).length], [0, 1]);
  note(book, { slot: 1, reason: "ecn", bytes: Uint8Array.of(8) });
  assert.deepEqual(
    book.read(1).map(({ reason, count, lastBytes }) => ({ reason, count, lastBytes })),
    [{ reason: "ecn", count: 1, lastBytes: Uint8Array.of(8) }],
  );
});

test("books of several workers add up, and the newest tells time, source and bytes", () => {
  const record = (reason: DropReason, count: number, atSec: number): DropRecord => ({
    reason,
    count,
    lastAt: wallSec(atSec),
    lastSource: { ipv4: from, port: atSec },
    lastBytes: Uint8Array.of(atSec),
  });
  const merged = mergeDrops([[record("short", 2, 10), record("ecn", 1, 5)], [], [record("short", 3, 20)], [record("short", 4, 15)]]);
  assert.deepEqual(merged, [record("short", 9, 20), record("ecn", 1, 5)]);
  assert.deepEqual(mergeDrops([]), []);
});
