import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { makeWaiters } from "./waiters.ts";

const never = new AbortController().signal;

/** Lets promises that are ready settle. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

/** Waiters over revisions that the test sets, with time in the test's hand. */
function makeBench() {
  mock.timers.enable({ apis: ["setTimeout"] });
  const revisions = new Map([
    ["nlams01", 7],
    ["deham01", 3],
  ]);
  const bench = { revisions, reads: 0, broken: false };
  const waiters = makeWaiters((pops) => {
    bench.reads += 1;
    if (bench.broken) return Promise.reject(new Error("away"));
    return Promise.resolve(new Map(pops.map((pop) => [pop, revisions.get(pop) ?? 0])));
  });
  return {
    bench,
    waiters,
    tick: async () => {
      mock.timers.tick(1_000);
      await settled();
    },
    [Symbol.dispose]: () => mock.timers.reset(),
  };
}

test("one query a second serves all who wait, and none is made when nobody waits", async () => {
  using made = makeBench();
  const { bench, waiters, tick } = made;
  const done: string[] = [];
  void waiters.wait("nlams01", 7, never).then(() => done.push("nlams01"));
  void waiters.wait("deham01", 3, never).then(() => done.push("deham01"));
  await settled();
  assert.equal(bench.reads, 2, "each looked once when it began");
  await tick();
  await tick();
  assert.equal(bench.reads, 4);
  bench.revisions.set("deham01", 4);
  await tick();
  assert.deepEqual(done, ["deham01"]);
  bench.revisions.set("nlams01", 8);
  await tick();
  assert.deepEqual(done, ["deham01", "nlams01"]);
  const { reads } = bench;
  await tick();
  await tick();
  assert.equal(bench.reads, reads);
});

test("a revision that went back counts as another: the database was put back", async () => {
  using made = makeBench();
  await made.waiters.wait("nlams01", 9, never);
});

test("a failing database wakes those who wait, so that they meet the trouble", async () => {
  using made = makeBench();
  const { bench, waiters, tick } = made;
  let done = false;
  void waiters.wait("nlams01", 7, never).then(() => (done = true));
  await settled();
  bench.broken = true;
  await tick();
  assert.equal(done, true);
});

test("waiters that come and go leave neither listeners nor timers", async () => {
  using made = makeBench();
  const { bench, waiters, tick } = made;
  let listeners = 0;
  const signal = {
    aborted: false,
    addEventListener: () => void (listeners += 1),
    removeEventListener: () => void (listeners -= 1),
  };
  for (let i = 0; i < 50; i += 1) {
    const waiting = waiters.wait("nlams01", 7, signal);
    waiters.wake("nlams01");
    await waiting;
  }
  await settled();
  assert.equal(listeners, 0);
  const { reads } = bench;
  await tick();
  assert.equal(bench.reads, reads);
});
