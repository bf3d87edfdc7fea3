import assert from "node:assert/strict";
import { test } from "node:test";
import { until, within } from "./until.ts";

test("until gives what the probe found", async () => {
  let asked = 0;
  const found = await until("the third time", { withinMs: 5_000, everyMs: 1 }, () => {
    asked += 1;
    return asked === 3 ? "here" : undefined;
  });
  assert.equal(found, "here");
});

test("until asks at least once, and a wait in vain names what never happened and why", async () => {
  let asked = 0;
  const wait = until("the tide turns", { withinMs: 0, explain: () => "the moon is missing" }, () => {
    asked += 1;
    return undefined;
  });
  await assert.rejects(wait, /in vain: the tide turns\nthe moon is missing/);
  assert.equal(asked, 1);
});

test("within gives undefined when the promise takes too long", async () => {
  assert.equal(await within(1, new Promise(() => {})), undefined);
  assert.equal(await within(5_000, Promise.resolve(7)), 7);
});
