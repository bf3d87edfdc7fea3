import assert from "node:assert/strict";
import test from "node:test";
import { makeTestTunnel, testPop } from "../../test/states.ts";
import { StateAssembler } from "./assembler.ts";

function holding(...numbers: readonly number[]): StateAssembler {
  const assembler = new StateAssembler(10);
  assembler.push({ type: "snapshot", revision: 5, pop: testPop });
  for (const n of numbers) assembler.push({ type: "tunnel", tunnel: makeTestTunnel(n) });
  assembler.push({ type: "end", revision: 5 });
  return assembler;
}

const ids = (assembler: StateAssembler): readonly string[] => [...(assembler.held?.tunnels.keys() ?? [])];

test("a snapshot takes the old state's place at its end line, and not before", () => {
  const assembler = holding(1, 2);
  assert.deepEqual(assembler.push({ type: "snapshot", revision: 9, pop: testPop }), { ok: true, value: undefined });
  assembler.push({ type: "tunnel", tunnel: makeTestTunnel(3) });
  assert.deepEqual(ids(assembler), ["T1", "T2"]);
  assert.equal(assembler.held?.revision, 5);
  assert.deepEqual(assembler.push({ type: "end", revision: 9 }), { ok: true, value: { kind: "snapshot" } });
  assert.deepEqual(ids(assembler), ["T3"]);
  assert.equal(assembler.held?.revision, 9);
});

test("a half-received snapshot is never applied", () => {
  const assembler = holding(1);
  assembler.push({ type: "snapshot", revision: 9, pop: testPop });
  assembler.push({ type: "tunnel", tunnel: makeTestTunnel(2) });
  assembler.cut();
  assert.deepEqual(ids(assembler), ["T1"]);
  assert.deepEqual(assembler.push({ type: "end", revision: 9 }), { ok: false, reason: "end-outside-snapshot" });
});

test("a snapshot may go back: the broker's database was restored", () => {
  const assembler = holding(1);
  assembler.push({ type: "snapshot", revision: 2, pop: testPop });
  assert.equal(assembler.push({ type: "end", revision: 2 }).ok, true);
  assert.equal(assembler.held?.revision, 2);
});

test("changes are told one by one", () => {
  const assembler = holding(1);
  const changed = makeTestTunnel(1, { enabled: false });
  assert.deepEqual(assembler.push({ type: "change", revision: 6, change: { kind: "tunnel", tunnel: changed } }), {
    ok: true,
    value: { kind: "tunnel", id: "T1" },
  });
  assert.deepEqual(assembler.held?.tunnels.get("T1"), changed);
  assert.deepEqual(assembler.push({ type: "change", revision: 7, change: { kind: "removed", id: "T1" } }), {
    ok: true,
    value: { kind: "tunnel", id: "T1" },
  });
  assert.deepEqual(assembler.push({ type: "change", revision: 8, change: { kind: "pop", pop: { ...testPop, pools: [] } } }), {
    ok: true,
    value: { kind: "pop" },
  });
  assert.equal(assembler.held?.revision, 8);
  assert.deepEqual(ids(assembler), []);
});

test("lines out of order are refused", () => {
  const empty = new StateAssembler(10);
  assert.deepEqual(empty.push({ type: "tunnel", tunnel: makeTestTunnel(1) }), { ok: false, reason: "tunnel-outside-snapshot" });
  assert.deepEqual(empty.push({ type: "change", revision: 1, change: { kind: "removed", id: "T1" } }), {
    ok: false,
    reason: "change-without-state",
  });
  const assembler = holding(1);
  assert.deepEqual(assembler.push({ type: "change", revision: 4, change: { kind: "removed", id: "T1" } }), {
    ok: false,
    reason: "revision-went-back",
  });
  assembler.push({ type: "snapshot", revision: 9, pop: testPop });
  assert.deepEqual(assembler.push({ type: "snapshot", revision: 9, pop: testPop }), { ok: false, reason: "snapshot-inside-snapshot" });
  assert.deepEqual(assembler.push({ type: "change", revision: 10, change: { kind: "removed", id: "T1" } }), {
    ok: false,
    reason: "change-inside-snapshot",
  });
  assert.deepEqual(assembler.push({ type: "end", revision: 8 }), { ok: false, reason: "end-of-other-revision" });
});

test("a stream without end is refused at the bound", () => {
  const assembler = new StateAssembler(2, {
    revision: 1,
    pop: testPop,
    tunnels: new Map([
      ["T1", makeTestTunnel(1)],
      ["T2", makeTestTunnel(2)],
    ]),
  });
  const third = { type: "change", revision: 2, change: { kind: "tunnel", tunnel: makeTestTunnel(3) } } as const;
  assert.deepEqual(assembler.push(third), { ok: false, reason: "too-many-tunnels" });
  assert.equal(
    assembler.push({ type: "change", revision: 2, change: { kind: "tunnel", tunnel: makeTestTunnel(2, { enabled: false }) } }).ok,
    true,
  );
  assembler.push({ type: "snapshot", revision: 3, pop: testPop });
  for (const n of [1, 2]) assembler.push({ type: "tunnel", tunnel: makeTestTunnel(n) });
  assert.deepEqual(assembler.push({ type: "tunnel", tunnel: makeTestTunnel(3) }), { ok: false, reason: "too-many-tunnels" });
});
