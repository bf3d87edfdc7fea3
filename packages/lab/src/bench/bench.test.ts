import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPrefix } from "@tombolo/base";
import { median } from "./figures.ts";
import { describeDrops, describeSent } from "./flood.ts";
import { readGoodput } from "../island/proofs.ts";
import { probeShare } from "./probe.ts";
import { makeDelegatedTunnel } from "./plane-tunnels.ts";
import { readPingTimes } from "./ping.ts";
import type { Contender } from "./pair.ts";
import { ratioOf, turnsOf } from "./rounds.ts";
import { chooseRows, makeRow, meetsGoal, rowFacts } from "./rows.ts";
import { readBenchOptions } from "./usage.ts";

test("the median is the middle, or the mean of the two in the middle", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 9]), 3);
});

test("a prefix chooses rows by the beginning of their names, grouped", () => {
  assert.deepEqual(
    [...chooseRows("").values()].flatMap((rows) => [...rows]),
    rowFacts.map(({ name }) => name),
  );
  assert.deepEqual(
    [...chooseRows("table.").entries()],
    [
      ["table", new Set(["table.100k.vs-one", "table.bytes-per-tunnel"])],
      ["table.1m", new Set(["table.1m.load-s", "table.1m.bytes-per-tunnel"])],
    ],
  );
  assert.deepEqual([...chooseRows("ayiya.tcp.vs-w").values()], [new Set(["ayiya.tcp.vs-wireguard-go"])]);
  assert.equal(chooseRows("nothing").size, 0);
});

test("a row has the form that ARCHITECTURE.md promises", () => {
  const row = makeRow("ayiya.tcp.vs-raw", 0.187654321);
  assert.deepEqual(row, { name: "ayiya.tcp.vs-raw", value: 0.1877, unit: "ratio", goal: 0.15, better: "higher" });
  assert.equal(meetsGoal(row), true);
  assert.equal(meetsGoal(makeRow("ayiya.tcp.vs-openvpn", 3.99)), false);
  assert.equal(meetsGoal(makeRow("table.bytes-per-tunnel", 1e9)), true, "a row without a goal cannot miss it");
});

test("ping's answers and iperf3's goodput are read out of their texts", () => {
  assert.deepEqual(readPingTimes("64 bytes from ::1: icmp_seq=1 ttl=64 time=0.123 ms\nrtt min/avg = 1/2 ms\n64: time=4 ms"), [0.123, 4]);
  assert.equal(readGoodput('{"end":{"sum_received":{"bits_per_second":1234.5}}}'), 1235);
  assert.throws(() => readGoodput('{"error":"unable to connect"}'), /no speed: .*unable to connect/);
});

test("a flood is told by its rate, its cost, and what came to each reason meanwhile", () => {
  assert.equal(describeSent(101_022, 5_053, 505), "101022 (19992 a second, with 10 % of a core)");
  const before = { short: 7, "bad-signature": 1000 };
  assert.equal(describeDrops(before, { short: 7, "bad-signature": 1500, "unproven-rate": 3 }), "bad-signature 500, unproven-rate 3");
  assert.equal(describeDrops(before, before), "nothing");
});

test("what probing costs is the CPU time of a round without the idle part, of a minute, and none when answers were lost", () => {
  assert.equal(probeShare({ cpuMs: 1_300, idleMs: 100, asked: 100_000, answered: 99_990 }), 0.01);
  assert.throws(() => probeShare({ cpuMs: 1_300, idleMs: 100, asked: 100_000, answered: 98_000 }), /only 98000 of 100000/);
  assert.throws(() => probeShare({ cpuMs: 1, idleMs: 1, asked: 0, answered: 0 }), /only 0 of 0/);
});

test("every one of a million tunnels has a link and a delegation of its own", () => {
  const keys = [0, 1, 255, 65_536, 999_999].flatMap((index) => makeDelegatedTunnel(index).prefixes.map(formatPrefix));
  assert.equal(new Set(keys).size, 10);
  assert.deepEqual(keys.slice(8), ["2001:db8:100f:423f::/64", "2001:db8:200f:423f::/64"]);
});

test("words that make no sense are a fault, not a guess", () => {
  assert.deepEqual(readBenchOptions(["--json", "--only", "table"]), { ok: true, value: { json: true, only: "table", help: false } });
  assert.equal(readBenchOptions(["--jsno"]).ok, false);
  assert.equal(readBenchOptions(["table"]).ok, false);
});

test("in every round all contenders have a turn, and another one begins", () => {
  assert.deepEqual(
    [1, 2, 3].map((round) => turnsOf(["a", "b", "c"], round).join("")),
    ["bca", "cab", "abc"],
  );
  assert.deepEqual(turnsOf(["a"], 2), ["a"]);
});

test("a ratio is the median of the rounds' ratios, so that a round in which the machine was busy does not count", () => {
  const a = { name: "a" } as Contender;
  const b = { name: "b" } as Contender;
  const speeds = new Map([
    [a, [8, 2, 9]],
    [b, [4, 1, 3]],
  ]);
  assert.equal(ratioOf(speeds, a, b), 2);
  assert.ok(Number.isNaN(ratioOf(new Map([[a, [1]]]), a, b)), "a missing measurement is no figure");
});
