import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { wallSec, type WallSec } from "@tombolo/base";
import type { Robot } from "@tombolo/broker";
import type { Timers } from "@tombolo/pop";
import { makeTestLog } from "../../test/world.ts";
import { openJobs } from "./jobs.ts";

/** Timers and clock whose hands the test turns. */
class Hands implements Timers {
  nowMs = 0;
  readonly waiting = new Set<{ readonly atMs: number; readonly action: () => void }>();

  after(delayMs: number, action: () => void): () => void {
    const item = { atMs: this.nowMs + delayMs, action };
    this.waiting.add(item);
    return () => void this.waiting.delete(item);
  }

  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.waiting].filter((item) => item.atMs <= end).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.nowMs = next.atMs;
      this.waiting.delete(next);
      next.action();
      await turn();
    }
    this.nowMs = end;
  }
}

function openTestJobs(robot: Partial<Robot> = {}) {
  const hands = new Hands();
  const { log, events } = makeTestLog();
  const ran: [string, WallSec][] = [];
  const played: Robot = {
    async rollUp(now) {
      ran.push(["rollUp", now]);
      return { folded: 0, forgotten: 0 };
    },
    async runDaily(now) {
      ran.push(["daily", now]);
      return { goodWeeks: 1, deadDays: 0, deadWeeks: 0, disabled: 2 };
    },
    ...robot,
  };
  const jobs = openJobs({ robot: played, wall: { nowSec: () => wallSec(Math.floor(hands.nowMs / 1_000)) }, timers: hands, log });
  return { hands, jobs, ran, events };
}

test("both run soon after the start, then every five minutes and every hour, with the time of each run", async () => {
  const { hands, ran, events } = openTestJobs();
  await hands.pass(5_000);
  assert.equal(ran.length, 0);
  await hands.pass(3_600_000 + 5_000);
  assert.deepEqual(
    ran.filter(([name]) => name === "daily").map(([, at]) => at),
    [10, 3_610],
  );
  assert.equal(ran.filter(([name]) => name === "rollUp").length, 13);
  assert.deepEqual(events[0], { level: "info", event: "server.job.done", what: "daily: goodWeeks 1, disabled 2" });
});

test("a run that fails is logged and the next one comes all the same", async () => {
  let runs = 0;
  const { hands, events } = openTestJobs({
    rollUp: () => {
      runs += 1;
      return Promise.reject(new Error("the database is busy"));
    },
  });
  await hands.pass(10_000 + 300_000);
  assert.equal(runs, 2);
  const failed = events.filter((event) => event.event === "server.job.failed");
  assert.deepEqual(failed[0], { level: "error", event: "server.job.failed", what: "roll-up", reason: "the database is busy" });
});

test("closing waits for the run under way and starts no other", async () => {
  const { promise, resolve } = Promise.withResolvers<{ folded: number; forgotten: number }>();
  const { hands, jobs } = openTestJobs({ rollUp: () => promise });
  await hands.pass(10_000);
  let closed = false;
  const closing = jobs.close().then(() => (closed = true));
  await turn();
  assert.equal(closed, false);
  resolve({ folded: 1, forgotten: 0 });
  await closing;
  assert.equal(hands.waiting.size, 0);
});
