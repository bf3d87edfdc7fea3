import assert from "node:assert/strict";
import test from "node:test";
import { HandTimers, settle } from "../../test/by-hand.ts";
import { ReconcileQueue, type Touched } from "./queue.ts";

test("what is touched during a run is gathered for one more run", async () => {
  const timers = new HandTimers();
  const runs: Touched[] = [];
  let release = (): void => {};
  const queue = new ReconcileQueue({
    timers,
    everyMs: 30_000,
    run: (touched) => {
      runs.push(touched);
      return new Promise((resolve) => (release = resolve));
    },
  });
  queue.touch("T1");
  queue.touch("T2");
  await settle();
  queue.touch("T3");
  queue.touch("T3");
  queue.touch("all");
  queue.touch("T4");
  release();
  await settle();
  release();
  await queue.idle();
  assert.deepEqual(runs, [new Set(["T1", "T2"]), "all"]);
  await queue.close();
});

test("everything is looked at again after a while, until closed", async () => {
  const timers = new HandTimers();
  let runs = 0;
  const queue = new ReconcileQueue({ timers, everyMs: 30_000, run: () => Promise.resolve(void (runs += 1)) });
  queue.touch("all");
  await timers.pass(29_999);
  assert.equal(runs, 1);
  await timers.pass(60_001);
  assert.equal(runs, 4);
  await queue.close();
  queue.touch("all");
  await timers.pass(90_000);
  assert.equal(runs, 4);
});
