import assert from "node:assert/strict";
import { test } from "node:test";
import { makeIpv4, wallSec } from "@tombolo/base";
import { describePop } from "./since.ts";
import type { Pop } from "./types.ts";

test("a PoP's state is told with the moment since when, and the message when there is one", () => {
  const at = wallSec(Date.UTC(2026, 10, 21, 7, 5, 59) / 1_000);
  const pop: Pop = {
    name: "nlams01",
    city: "Amsterdam",
    country: "NL",
    outerIpv4: makeIpv4(0xc000_0201),
    state: "down",
    stateMessage: "New disks until noon",
    stateSince: at,
    createdAt: at,
  };
  assert.equal(describePop(pop), "PoP nlams01 is down since 2026-11-21 07:05 UTC: New disks until noon");
  assert.equal(describePop({ ...pop, state: "up", stateMessage: "" }), "PoP nlams01 is up since 2026-11-21 07:05 UTC");
});
