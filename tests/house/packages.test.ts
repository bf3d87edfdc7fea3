import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNone, formatOffences, readProject, treeOf } from "./code/tree.ts";
import { checkPackages } from "./packages.ts";

const good: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ version: "1.0.0" }),
  "package-lock.json": "{}",
  "ARCHITECTURE.md": "| dependency | why |\n|---|---|\n| `zod` | checks what people write |\n",
  "packages/pop/package.json": JSON.stringify({ version: "1.0.0", exports: { ".": {} }, dependencies: { zod: "4.6.7" } }),
  "packages/pop/tsconfig.json": JSON.stringify({ compilerOptions: { types: ["node"] }, references: [] }),
  "packages/pop/README.md": "# pop",
  "packages/pop/src/a.ts": `import "zod";`,
};

function offencesOf(changes: Readonly<Record<string, string | object>>): string {
  const files = Object.entries(changes).map(([path, text]) => [path, typeof text === "string" ? text : JSON.stringify(text)]);
  return formatOffences(checkPackages(treeOf({ ...good, ...(Object.fromEntries(files) as Record<string, string>) })));
}

test("manifests, lock file and compiler settings agree with the sources", () => {
  assertNone(checkPackages(readProject()));
});

test("a good package is good", () => {
  assert.equal(offencesOf({}), "");
});

test("what is imported is declared and what is declared is imported", () => {
  assert.match(offencesOf({ "packages/pop/src/b.ts": `import "hono/x";` }), /imports hono without declaring/);
  assert.match(offencesOf({ "packages/pop/src/b.test.ts": `import "@x/y/z";` }), /tests import @x\/y without declaring/);
  assert.match(offencesOf({ "packages/pop/src/a.ts": "" }), /declares zod and never imports it/);
  assert.match(
    offencesOf({ "package.json": { version: "1.0.0", devDependencies: { idle: "1.0.0" } } }),
    /declares idle and nothing uses it/,
  );
});

test("a version range, a second door and another version are caught", () => {
  const manifest = { version: "1.0.0", exports: { ".": {} }, dependencies: { zod: "4.6.7" } };
  assert.match(offencesOf({ "packages/pop/package.json": { ...manifest, dependencies: { zod: "^4.6.7" } } }), /pin one exact version/);
  assert.match(offencesOf({ "packages/pop/package.json": { ...manifest, exports: { ".": {}, "./deep": {} } } }), /the one door is "\."/);
  assert.match(offencesOf({ "packages/pop/package.json": { ...manifest, version: "2.0.0" } }), /version differs/);
});

test("a dependency without a reason is caught", () => {
  assert.match(offencesOf({ "ARCHITECTURE.md": "| `zod` | schemas |" }), /no sentence of reason for `zod`/);
});

test("compiler settings that loosen a room are caught", () => {
  const base = {
    "packages/base/package.json": { version: "1.0.0", exports: { ".": {} } },
    "packages/base/README.md": "# base",
    "packages/base/tsconfig.json": { compilerOptions: { types: ["node"] } },
  };
  assert.match(offencesOf(base), /base compiles with "types": \[\]/);
  assert.match(offencesOf({ "packages/pop/tsconfig.json": { references: [{ path: "../base" }] } }), /must equal the declared packages/);
});

test("a lock file with registry addresses is caught", () => {
  assert.match(offencesOf({ "package-lock.json": `{ "resolved": "https://x.example/y.tgz" }` }), /holds addresses of a registry/);
});
