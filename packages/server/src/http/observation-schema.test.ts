import assert from "node:assert/strict";
import test from "node:test";
import { observationsSchema } from "./observation-schema.ts";

const latency = { kind: "latency", tunnel: "T1001", at: 1_700_000_000, sent: 3, received: 2, minMs: 4.25, avgMs: 5, maxMs: 5.75 };

test("a round of latency is read as a PoP sends it, also one that nobody answered", () => {
  const rounds = [latency, { ...latency, received: 0, minMs: 0, avgMs: 0, maxMs: 0 }];
  const body: unknown = JSON.parse(JSON.stringify({ observations: rounds }));
  assert.deepEqual(observationsSchema.parse(body).observations, rounds);
});

test("latency that can't be is refused before it reaches the broker", () => {
  const wrong: readonly object[] = [
    { sent: 0 },
    { received: -1 },
    { minMs: "4" },
    { maxMs: 1e9 },
    { avgMs: null },
    { sent: 1.5 },
    { extra: 1 },
  ];
  for (const change of wrong) {
    const checked = observationsSchema.safeParse({ observations: [{ ...latency, ...change }] });
    assert.equal(checked.success, false, JSON.stringify(change));
  }
});
