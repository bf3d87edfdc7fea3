import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAmbient } from "./ambient.ts";
import { assertNone, formatOffences, readProject, treeOf } from "./code/tree.ts";

function offencesOf(path: string, text: string, allowed: Readonly<Record<string, string>> = {}): string {
  return formatOffences(checkAmbient(treeOf({ [path]: text }), allowed));
}

test("time and chance are handed in, but for the listed places", () => {
  assertNone(checkAmbient(readProject()));
});

test("every way to read the air is caught", () => {
  for (const text of [
    "const a = Date.now();",
    "const a = new Date();",
    "const a = new Date;",
    "const a = Date();",
    "const a = performance.now();",
    "const a = Math.random();",
    "const f = Math.random;",
    "crypto.getRandomValues(b);",
    `import { randomBytes } from "node:crypto";`,
    "process.hrtime.bigint();",
  ]) {
    assert.match(offencesOf("packages/server/src/a.ts", text), /from the air/, text);
    assert.equal(offencesOf("packages/server/src/a.ts", text, { "packages/server/src/a.ts": "a reason" }), "", text);
    assert.equal(offencesOf("packages/server/src/a.test.ts", text), "", text);
  }
  assert.equal(offencesOf("packages/server/src/a.ts", `new Date(atSec * 1000).toISOString(); // Date.now\n"Math.random"`), "");
});

test("the list holds nothing that is not needed", () => {
  const allowed = { "packages/server/src/a.ts": "a reason" };
  assert.match(offencesOf("packages/server/src/a.ts", "", allowed), /remove it from the list/);
  assert.match(offencesOf("packages/server/src/b.ts", "", allowed), /does not exist/);
});

test("pure rooms have no timers and no console", () => {
  for (const text of ["setTimeout(f, 1);", `console.log("x");`, "process.env;", "Buffer.from(x);", "globalThis.x;"]) {
    assert.match(offencesOf("packages/protocols/src/a.ts", text), /is of the platform/, text);
    assert.equal(offencesOf("packages/server/src/a.ts", text), "", text);
  }
  assert.equal(offencesOf("packages/base/src/a.ts", "a.process(); const b = { console: 1 }; interface C { fetch?: 1 }"), "");
});
