import assert from "node:assert/strict";
import { test } from "node:test";
import { makeIpv4, wallSec } from "@tombolo/base";
import type { Observation, TunnelId } from "../domain/types.ts";
import { sortObservations } from "./observations.ts";

const now = wallSec(1_000);
const here = new Set<TunnelId>(["T1", "T2"]);
const seen = (tunnel: TunnelId, at: number): Observation => ({ kind: "seen", tunnel, at: wallSec(at) });

test("each kind keeps the newest of its tunnel, in the order of the ids", () => {
  const sorted = sortObservations([seen("T2", 5), seen("T1", 9), seen("T1", 7), seen("T2", 6)], { here, now });
  assert.deepEqual(sorted.seen, [
    { tunnel: "T1", at: 9 },
    { tunnel: "T2", at: 6 },
  ]);
  assert.equal(sorted.refused, 0);
});

test("of two in the same second the later told counts", () => {
  const endpoint = (port: number): Observation => ({ kind: "endpoint", tunnel: "T1", ipv4: makeIpv4(0xc6336407), port, at: wallSec(5) });
  const { endpoints } = sortObservations([endpoint(1), endpoint(2)], { here, now });
  assert.deepEqual(
    endpoints.map(({ port }) => port),
    [2],
  );
});

test("times ahead of our clock count as now, and what can't be is refused", () => {
  const sorted = sortObservations([seen("T1", 5_000), seen("T2", Number.NaN), seen("T2", 1.5), seen("T3", 5)], { here, now });
  assert.deepEqual(sorted.seen, [{ tunnel: "T1", at: 1_000 }]);
  assert.equal(sorted.refused, 3);
});
