import assert from "node:assert/strict";
import test from "node:test";
import { makeIpv4, monotonicMs, wallSec } from "@tombolo/base";
import type { PlaneLatency } from "@tombolo/dataplane";
import { makeBeat } from "@tombolo/protocols";
import { HandTimers, makeTestLog } from "../test/by-hand.ts";
import { md5 } from "../test/digests.ts";
import { PlayedPlane } from "../test/played-plane.ts";
import { makeTestTunnel, testPop } from "../test/states.ts";
import type { TraceLine, TunnelReport } from "./control/messages.ts";
import { PlaneKeeper } from "./reconcile/plane-keeper.ts";
import { Watchman } from "./watchman.ts";

const home = makeIpv4(0xc633_6407);

async function makeWorld() {
  const timers = new HandTimers();
  const plane = new PlayedPlane();
  const keeper = new PlaneKeeper(plane);
  const tunnels = [
    makeTestTunnel(1, { encapsulation: "heartbeat" }),
    makeTestTunnel(2),
    makeTestTunnel(3, { encapsulation: "6in4", staticEndpoint: home }),
  ];
  const state = { revision: 1, pop: testPop, tunnels: new Map(tunnels.map((tunnel) => [tunnel.id, tunnel])) };
  await keeper.repairAll(state);
  const rounds: PlaneLatency[] = [];
  const journal = makeTestLog();
  const watchman = new Watchman({
    held: () => state,
    plane: () => plane,
    keeper: () => keeper,
    onRound: (_number, latency) => void rounds.push(latency),
    md5,
    timers,
    wall: timers,
    monotonic: { nowMs: () => monotonicMs(timers.nowMs) },
    log: journal.log,
  });
  watchman.desk.stateChanged("all");
  const beat = (timeSec: number = timers.nowSec()): void => {
    const { clientAddress: address, secret: password } = makeTestTunnel(1);
    watchman.desk.take(makeBeat({ address, sender: "sender", nowSec: wallSec(timeSec), password }, md5), home, 40_000);
  };
  const look = (): void => {
    for (const number of keeper.applied()) {
      const counters = plane.counters(number);
      if (counters !== undefined) watchman.look(number, counters, timers.nowSec());
    }
  };
  const show = (tunnel: number): TunnelReport => {
    const answer = watchman.answer({ command: "show", tunnel });
    assert.ok("show" in answer, JSON.stringify(answer));
    return answer.show;
  };
  return { timers, plane, watchman, journal, rounds, beat, look, show };
}

test("a heartbeat tunnel comes up with its first beat and goes down after 180 seconds without one", async () => {
  const { timers, plane, beat, look, show } = await makeWorld();
  assert.equal(show(1).state, "down");
  beat();
  look();
  assert.deepEqual([show(1).state, show(1).endpoint, show(1).lastBeatAt], ["up", "198.51.100.7", timers.nowSec()]);
  await timers.pass(179_000);
  look();
  assert.ok(!plane.calls.includes("withdraw 1"));
  await timers.pass(1_000);
  look();
  assert.ok(plane.calls.includes("withdraw 1"));
  look();
  assert.deepEqual([show(1).state, show(1).endpoint], ["down", null]);
});

test("a beat that is late is in the tunnel's errors, with sixxsd's class, its source and its first bytes", async () => {
  const { timers, beat, show, journal, watchman } = await makeWorld();
  beat(timers.nowSec() - 500);
  const [drop] = show(1).drops;
  assert.deepEqual(
    [drop?.reason, drop?.class, drop?.count, drop?.lastAt, drop?.lastSource],
    ["beat-clock-off", "Clock Off", 1, timers.nowSec(), "198.51.100.7:40000"],
  );
  assert.match(Buffer.from(drop?.lastBytes ?? "", "hex").toString(), /^HEARTBEAT TUNNEL 2001:db8:1:1::2 sender /);
  const totals = watchman.answer({ command: "totals" });
  assert.ok("totals" in totals);
  assert.equal(totals.totals.drops["beat-clock-off"], 1);
  for (let i = 0; i < 100; i += 1) beat(timers.nowSec() - 500);
  assert.equal(journal.names().filter((name) => name === "pop.beat.refused").length, 1, "a flood of beats is no flood of lines");
});

test("no secret is in what the operator is shown", async () => {
  const { beat, show } = await makeWorld();
  beat();
  assert.ok(!JSON.stringify(show(1)).includes(makeTestTunnel(1).secret));
});

test("a configured endpoint that has not answered is unproven, and its pings count as lost", async () => {
  const { timers, plane, watchman, rounds, look, show } = await makeWorld();
  plane.seen.set(3, { endpointProven: false });
  watchman.start();
  look();
  assert.equal(show(3).state, "unproven");
  await timers.pass(75_000);
  watchman.close();
  assert.deepEqual([rounds.length, rounds[0]?.received], [1, 0]);
  assert.equal(show(3).latency?.sent, 1);
});

test("a trace shows beats and packets, without a digest, ends by itself and is switched off when nobody looks", async () => {
  const { timers, plane, watchman, beat } = await makeWorld();
  const lines: TraceLine[] = [];
  watchman.trace(1, 60, (line) => void lines.push(line));
  beat();
  beat(timers.nowSec() - 500);
  await timers.pass(60_000);
  beat();
  assert.deepEqual(
    lines.map((line) => ("end" in line ? line.end : [line.decision.decision, line.decision.reason])),
    [["taken", null], ["dropped", "beat-clock-off"], "time"],
  );
  const [first] = lines;
  assert.ok(first !== undefined && "decision" in first);
  assert.match(first.decision.summary, /^HEARTBEAT TUNNEL 2001:db8:1:1::2 sender \d+$/);
  assert.deepEqual(
    plane.calls.filter((call) => call.startsWith("trace")),
    ["trace 1 60", "trace 1 0"],
  );
});

test("a tunnel that is removed ends its traces, and is unknown from then on", async () => {
  const { watchman } = await makeWorld();
  const lines: TraceLine[] = [];
  const stop = watchman.trace(2, 60, (line) => void lines.push(line));
  watchman.forget(2);
  stop();
  assert.deepEqual(lines, [{ end: "tunnel-gone" }]);
  assert.deepEqual(watchman.answer({ command: "show", tunnel: 99 }), { version: 1, error: "tunnel-unknown" });
});
