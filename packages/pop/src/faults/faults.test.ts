import assert from "node:assert/strict";
import test from "node:test";
import { makeIpv4, wallSec } from "@tombolo/base";
import { dropReasons } from "@tombolo/dataplane";
import { beatRefusals } from "@tombolo/protocols";
import { findClassName } from "./class-names.ts";
import { FaultBook } from "./fault-book.ts";

const source = { ipv4: makeIpv4(0xc633_6407), port: 9 };

test("of each reason the count, and the last time, source and bytes, at most 128 of them, in a copy", () => {
  const book = new FaultBook();
  const bytes = new Uint8Array(200).fill(1);
  book.note(1, { reason: "beat-clock-off", at: wallSec(5), source, bytes: new Uint8Array(1) });
  book.note(1, { reason: "beat-clock-off", at: wallSec(6), source, bytes });
  bytes.fill(2);
  const [record, ...rest] = book.of(1);
  assert.deepEqual(rest, []);
  assert.deepEqual(record, { reason: "beat-clock-off", count: 2, lastAt: 6, lastSource: source, lastBytes: new Uint8Array(128).fill(1) });
});

test("the book does not grow without bound: the tunnel whose last fault is longest ago is forgotten", () => {
  const book = new FaultBook();
  const fault = { reason: "beat-digest-wrong", at: wallSec(5), source, bytes: new Uint8Array(0) };
  for (let n = 1; n <= 8192; n += 1) book.note(n, fault);
  book.note(1, fault);
  book.note(9000, fault);
  assert.deepEqual([book.of(1).length, book.of(2).length, book.of(3).length], [1, 0, 1]);
});

test("the error classes of heartbeats on sixxsd's status page all have a reason of ours", () => {
  const reasons: readonly string[] = [...dropReasons, ...beatRefusals.map((refusal) => `beat-${refusal}`)];
  const classes = new Set(reasons.map(findClassName));
  for (const name of [
    "Clock Off",
    "Disabled tunnel",
    "Heartbeat Hash Fail",
    "HB-non-HB",
    "HB Missing sender",
    "HB Sender Mismatch",
    "HB Missing Time",
    "AYIYA Hash Fail",
    "AYIYA-non-AYIYA",
    "Wrong Source IPv6",
    "Wrong Source IPv4",
    "Same In&Out Interface",
    "Encap.Pkt Too Big",
  ])
    assert.ok(classes.has(name), name);
});
