import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNone, formatOffences, readProject, treeOf } from "./code/tree.ts";
import { checkShape, mayExit, mayExportDefault } from "./shape.ts";

function offencesOf(path: string, text: string): string {
  return formatOffences(checkShape(treeOf({ [path]: text })));
}

test("sources have the shape of the house", () => {
  assertNone(checkShape(readProject()));
});

test("the exceptions are needed", () => {
  const tree = readProject();
  for (const path of Object.keys(mayExportDefault))
    assert.ok(
      tree.module(path).exports.some((site) => site.name === "default"),
      path,
    );
  for (const path of Object.keys(mayExit)) assert.ok(tree.text(path).includes("process.exit("), path);
});

test("enums, namespaces, default exports and inner index files are caught", () => {
  assert.match(offencesOf("packages/base/src/a.ts", "export enum A { B }"), /is an enum/);
  assert.match(offencesOf("packages/base/src/a.ts", "const enum A { B }"), /is an enum/);
  assert.match(offencesOf("packages/base/src/a.ts", "namespace A { }"), /is a namespace/);
  assert.match(offencesOf("packages/base/src/a.ts", "export default 1;"), /exports a default/);
  assert.match(offencesOf("packages/base/src/a.ts", "const b = 1; export { b as default };"), /exports a default/);
  assert.match(offencesOf("packages/base/src/deep/index.ts", ""), /index\.ts is only a package's door/);
  assert.match(offencesOf("packages/base/src/IPv6.ts", ""), /kebab-case/);
  assert.equal(offencesOf("packages/base/src/index.ts", "const o = { enum: 1, namespace: 2 }; o.enum;"), "");
});

test("tests that are left out are caught, and a skip with a condition is not", () => {
  for (const text of [
    `test.skip("a", f);`,
    `describe.only("a", f);`,
    `it.todo("a");`,
    `test("a", { skip: true }, f);`,
    `test("a", { only: true }, f);`,
  ]) {
    assert.match(offencesOf("packages/base/src/a.test.ts", text), /leaves tests out/, text);
  }
  assert.equal(offencesOf("packages/base/src/a.test.ts", `test("a", { skip: needsRoot() }, f);`), "");
});

test("process.exit is caught, exitCode is not", () => {
  assert.match(offencesOf("packages/server/src/a.ts", "process.exit(1);"), /set process\.exitCode/);
  assert.equal(offencesOf("packages/server/src/a.ts", "process.exitCode = 1;"), "");
});

test("comments that put off or silence need an issue or a reason", () => {
  assert.match(offencesOf("packages/base/src/a.ts", "// TODO: later"), /names its issue/);
  assert.equal(offencesOf("packages/base/src/a.ts", "// TODO(#12): later"), "");
  assert.match(offencesOf("packages/base/src/a.ts", "// @ts-ignore"), /@ts-expect-error/);
  assert.match(offencesOf("packages/base/src/a.ts", "// oxlint-disable-next-line no-console"), /says why/);
  assert.equal(offencesOf("packages/base/src/a.ts", "// oxlint-disable-next-line no-console -- the console is the point"), "");
});
