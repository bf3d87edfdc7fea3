import assert from "node:assert/strict";
import { test } from "node:test";
import { afterMs, afterSec, monotonicMs, wallSec } from "./clock.ts";

test("durations add to their own kind of time", () => {
  assert.equal(afterMs(monotonicMs(1000), 500), 1500);
  assert.equal(afterSec(wallSec(1000), -500), 500);
});
