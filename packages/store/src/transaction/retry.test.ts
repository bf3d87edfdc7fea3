import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError } from "@tombolo/broker";
import type { FailureKind } from "../engines/engine.ts";
import { retryConflicts } from "./retry.ts";

/** Fails so often, then answers. */
function failing(times: number, error: Error): { readonly run: () => Promise<string>; runs: number } {
  const state = {
    runs: 0,
    run: () => {
      state.runs += 1;
      return state.runs <= times ? Promise.reject(error) : Promise.resolve("done");
    },
  };
  return state;
}

const as = (kind: FailureKind) => () => kind;

test("a transaction that met another runs again from its start, with growing and bounded waits", async () => {
  const waits: number[] = [];
  const work = failing(12, new Error("busy"));
  const pause = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };
  assert.equal(await retryConflicts({ run: work.run, classify: as("conflict"), pause }), "done");
  assert.deepEqual([work.runs, waits.length], [13, 12]);
  for (const [i, ms] of waits.entries()) assert.ok(ms >= Math.min(2 ** i, 64) && ms <= 2 * 64, `wait ${i} of ${ms} ms`);
});

test("after a bounded number of tries the caller hears that the store is busy", async () => {
  const cause = new Error("busy");
  const work = failing(Number.POSITIVE_INFINITY, cause);
  const attempt = retryConflicts({ run: work.run, classify: as("conflict"), pause: () => Promise.resolve() });
  await assert.rejects(attempt, { name: "BrokerError", code: "store-busy", cause });
  assert.equal(work.runs, 40);
});

test("when the database does not answer nothing runs twice, because a commit may have arrived", async () => {
  const work = failing(1, new Error("connect to secret-host as secret-user failed"));
  const attempt = retryConflicts({ run: work.run, classify: as("unreachable") });
  await assert.rejects(
    attempt,
    (error: Error) => error instanceof BrokerError && error.code === "store-busy" && !error.message.includes("secret"),
  );
  assert.equal(work.runs, 1);
});

test("a refusal and our own bugs pass through untouched and once", async () => {
  for (const error of [new BrokerError("pool-exhausted", "none left"), new TypeError("a bug")]) {
    const work = failing(1, error);
    await assert.rejects(retryConflicts({ run: work.run, classify: as("other") }), error);
    assert.equal(work.runs, 1);
  }
});
