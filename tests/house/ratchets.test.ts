import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNone, formatOffences, readProject, treeOf } from "./code/tree.ts";
import { findDeadNames } from "./names.ts";
import { checkRatchets, measure, readRatchets, tighten, type Ratchets } from "./ratchets.ts";

const none: Ratchets = { fileLines: {}, functionLines: {}, parameters: {}, idleNames: [] };

function offencesOf(files: Readonly<Record<string, string>>, stored: Partial<Ratchets> = {}): string {
  return formatOffences(checkRatchets(treeOf(files), { ...none, ...stored }));
}

test("files, functions and the doors of packages keep their limits or their ratchets", () => {
  assertNone(checkRatchets(readProject(), readRatchets()));
});

test("every exported name is imported by somebody", () => {
  assertNone(findDeadNames(readProject()).inside);
});

test("a file over the limit needs an entry, may not grow, and has a wall", () => {
  const long = (lines: number): Record<string, string> => ({ "packages/base/src/a.ts": "//\n".repeat(lines) });
  assert.equal(offencesOf(long(500)), "");
  assert.match(offencesOf(long(501)), /has 501: files have at most 500/);
  assert.equal(offencesOf(long(600), { fileLines: { "packages/base/src/a.ts": 600 } }), "");
  assert.match(offencesOf(long(601), { fileLines: { "packages/base/src/a.ts": 600 } }), /has 601, ratchets\.json says 600/);
  assert.match(offencesOf(long(801), { fileLines: { "packages/base/src/a.ts": 801 } }), /the wall is 800/);
});

test("an entry that is larger than the truth must be tightened", () => {
  const files = { "packages/base/src/a.ts": "//\n".repeat(600) };
  const stored = { ...none, fileLines: { "packages/base/src/a.ts": 650, "packages/base/src/b.ts": 700 } };
  assert.match(offencesOf(files, stored), /says 650[^]*npm run ratchet[^]*under the limit now/);
  assert.deepEqual(tighten(stored, measure(treeOf(files))).fileLines, { "packages/base/src/a.ts": 600 });
  assert.deepEqual(tighten(none, measure(treeOf(files))).fileLines, {}, "tightening never adds");
});

test("a long function is caught by its name, in code but not in tests", () => {
  const text = `export function f(): void {\n${"  g();\n".repeat(80)}}\n`;
  assert.match(offencesOf({ "scripts/a.ts": text }), /scripts\/a\.ts#f:1: has 82: functions/);
  assert.equal(offencesOf({ "packages/base/src/a.test.ts": text }), "");
});

test("many parameters are caught, but not on the packet path", () => {
  const text = "export function f(a: 1, b: 2, c: 3, d: 4, e: 5): void {}";
  assert.match(offencesOf({ "scripts/a.ts": text }), /scripts\/a\.ts#f:1: has 5: functions take at most 4/);
  assert.equal(offencesOf({ "packages/dataplane/src/engine/a.ts": text }), "");
});

test("a dead export is caught, whatever stands in its way", () => {
  const dead = (files: Record<string, string>): string => formatOffences(findDeadNames(treeOf(files)).inside);
  assert.match(dead({ "packages/a/src/x.ts": "export const y = 1;" }), /nobody imports y/);
  assert.match(dead({ "packages/a/src/x.ts": "export const y = 1; y;" }), /nobody imports y/);
  assert.equal(dead({ "packages/a/src/x.ts": "export const y = 1;", "packages/a/src/z.ts": `import { y } from "./x.ts";` }), "");
  assert.equal(dead({ "packages/a/src/x.ts": "export const y = 1;", "packages/a/src/z.ts": `import * as x from "./x.ts";` }), "");
  assert.equal(dead({ "packages/a/src/x.ts": "export const y = 1;", "packages/a/src/index.ts": `export * from "./x.ts";` }), "");
  assert.match(dead({ "packages/a/src/x.ts": "export interface Y {}" }), /nobody imports Y/);
  assert.equal(
    dead({ "packages/a/src/x.ts": `interface Y {} export type { Y };`, "packages/a/src/z.ts": `import type { Y } from "./x.ts";` }),
    "",
  );
});

test("a name at the door that nobody outside takes is idle", () => {
  const files = {
    "packages/a/src/index.ts": `export { y as z } from "./x.ts"; export * from "./w.ts";`,
    "packages/a/src/x.ts": "export const y = 1;",
    "packages/a/src/w.ts": `export const w = 1; export const v = 1; export interface U {} export function t(u: U): void {}`,
    "packages/a/src/inner.ts": `import { y } from "./x.ts";`,
    "packages/a/src/w.test.ts": `import { v } from "./w.ts";`,
    "packages/b/src/main.ts": `import { w } from "@tombolo/a";`,
  };
  assert.deepEqual(findDeadNames(treeOf(files)).idle, ["a:t", "a:z"]);
});
