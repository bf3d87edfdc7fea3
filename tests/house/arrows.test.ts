import assert from "node:assert/strict";
import { test } from "node:test";
import { checkArrows, rooms } from "./arrows.ts";
import { assertNone, formatOffences, packageOf, readProject, treeOf } from "./code/tree.ts";

function offencesOf(path: string, text: string, others: Readonly<Record<string, string>> = {}): string {
  return formatOffences(checkArrows(treeOf({ ...others, [path]: text })));
}

test("every import follows the arrows", () => {
  assertNone(checkArrows(readProject()));
});

test("every package has its row in the table", () => {
  const packages = new Set(readProject().paths.flatMap((path) => (path.endsWith("/package.json") ? (packageOf(path) ?? []) : [])));
  assert.deepEqual([...packages].toSorted(), Object.keys(rooms).toSorted());
});

test("the table has no circle", () => {
  const above = (name: string, seen: readonly string[]): void => {
    assert.ok(!seen.includes(name), `${[...seen, name].join(" → ")} is a circle`);
    for (const next of rooms[name]?.packages ?? []) above(next, [...seen, name]);
  };
  for (const name of Object.keys(rooms)) above(name, []);
});

test("a forbidden package is caught in every form of import", () => {
  for (const text of [
    `import { a } from "@tombolo/store";`,
    `import type { A } from "@tombolo/store";`,
    `export { a } from "@tombolo/store";`,
    `export * from "@tombolo/store";`,
    `const a = await import("@tombolo/store");`,
    `type A = import("@tombolo/store").A;`,
  ]) {
    assert.match(offencesOf("packages/broker/src/a.ts", text), /broker must not import store; it may import: base/, text);
  }
});

test("deep, escaping, missing and unfinished paths are caught", () => {
  const other = { "packages/base/src/index.ts": "", "packages/base/src/b.test.ts": "" };
  assert.match(offencesOf("packages/pop/src/a.ts", `import "@tombolo/base/src/x.ts";`), /deep import/);
  assert.match(offencesOf("packages/pop/src/a.ts", `import "../../base/src/index.ts";`, other), /leaves the package/);
  assert.match(offencesOf("tests/netns/a.ts", `import "../../packages/base/src/index.ts";`, other), /reaches into a package/);
  assert.match(offencesOf("packages/base/src/a.ts", `import "./nowhere.ts";`, other), /does not exist/);
  assert.match(offencesOf("packages/base/src/a.ts", `import "./index";`, other), /without its ending/);
  assert.match(offencesOf("packages/base/src/a.ts", `import "./b.test.ts";`, other), /is for tests/);
  assert.match(offencesOf("packages/base/src/a.ts", `import "@tombolo/base";`, other), /own package by name/);
});

test("pure rooms import no platform, no library and no computed name", () => {
  for (const room of ["base", "protocols", "broker"]) {
    assert.match(offencesOf(`packages/${room}/src/a.ts`, `import { connect } from "node:net";`), /knows no platform/);
    assert.match(offencesOf(`packages/${room}/src/a.ts`, `import { z } from "zod";`), /has no dependencies/);
    assert.match(offencesOf(`packages/${room}/src/a.ts`, "await import(name);"), /computed name/);
    assert.equal(offencesOf(`packages/${room}/src/a.test.ts`, `import { test } from "node:test";`), "");
  }
});

test("test doubles and test libraries stay out of what is shipped", () => {
  assert.match(offencesOf("packages/server/src/a.ts", `import "@tombolo/testkit";`), /must not be shipped/);
  assert.match(offencesOf("packages/server/src/a.ts", `import "fast-check";`), /for tests only/);
  assert.equal(offencesOf("packages/server/src/a.test.ts", `import "@tombolo/testkit"; import "fast-check";`), "");
});
