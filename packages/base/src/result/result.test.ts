import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as assertOurs, AssertionFailed, failure, malformed, success, unreachable } from "./result.ts";

test("values and reasons have the shape that their users look at", () => {
  assert.deepEqual(success(1), { ok: true, value: 1 });
  assert.deepEqual(failure("why"), { ok: false, reason: "why" });
  assert.deepEqual(malformed("why", 3), { ok: false, reason: "why", at: 3 });
});

test("our own bugs are loud", () => {
  assertOurs(true, "fine");
  assert.throws(() => assertOurs(false, "broken"), { name: "AssertionFailed", message: "broken" });
  assert.throws(() => unreachable("x" as never), AssertionFailed);
});
