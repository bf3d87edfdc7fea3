import assert from "node:assert/strict";
import { test } from "node:test";
import { approvesByItself, type ApprovalRule } from "./requests.ts";

test("a rule approves all, none, or the first tunnels of an account", () => {
  const rule = (tunnels: ApprovalRule["tunnels"], delegations: ApprovalRule["delegations"]): ApprovalRule => ({
    tunnels,
    firstTunnels: 2,
    delegations,
  });
  const tunnels = (mode: ApprovalRule["tunnels"]) => [0, 1, 2, 9].map((held) => approvesByItself(rule(mode, "none"), "tunnel", held));
  assert.deepEqual(tunnels("all"), [true, true, true, true]);
  assert.deepEqual(tunnels("none"), [false, false, false, false]);
  assert.deepEqual(tunnels("first"), [true, true, false, false]);
  assert.equal(approvesByItself(rule("all", "none"), "delegation", 0), false, "delegations have a rule of their own");
  assert.equal(approvesByItself(rule("none", "all"), "delegation", 9), true);
});
