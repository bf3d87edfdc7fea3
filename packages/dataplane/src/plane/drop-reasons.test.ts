import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dropIndex, dropReasons } from "./drop-reasons.ts";

test("the README's table names every drop reason, in the order of the checks, each with its meaning", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const section = readme.slice(readme.indexOf("## Drop reasons"));
  const rows = [...section.slice(0, section.indexOf("\n## ", 1)).matchAll(/^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \|$/gm)];
  assert.deepEqual(
    rows.map((row) => row[1]),
    [...dropReasons],
  );
});

test("the README's table of sixxsd's counters names reasons that exist, and every reason stands there or below it", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const section = readme.slice(readme.indexOf("### What sixxsd counts"));
  const named = [...section.slice(0, section.indexOf("\n## ")).matchAll(/`([a-z0-9-]+)`/g)].map((match) => match[1]);
  assert.deepEqual(new Set<string | undefined>(named), new Set<string | undefined>(dropReasons));
});

test("a reason's number in shared memory is its place in the list, and all fit the drop book", () => {
  for (const [i, reason] of dropReasons.entries()) assert.equal(dropIndex(reason), i);
  assert.equal(new Set(dropReasons).size, dropReasons.length);
  assert.ok(dropReasons.length <= 64, "the drop book spreads its records by 64 reasons a slot");
});
