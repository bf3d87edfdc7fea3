import assert from "node:assert/strict";
import test from "node:test";
import { backoffMs } from "./backoff.ts";

test("waits double up to half a minute, of which chance takes at most half", () => {
  const least = (failures: number): number => backoffMs(failures, () => Uint8Array.of(0, 0));
  const most = (failures: number): number => backoffMs(failures, () => Uint8Array.of(255, 255));
  assert.deepEqual([0, 1, 2, 5, 6, 7, 1000].map(least), [250, 500, 1000, 8000, 15_000, 15_000, 15_000]);
  assert.deepEqual([0, 1, 2, 5, 6, 7, 1000].map(most), [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
});
