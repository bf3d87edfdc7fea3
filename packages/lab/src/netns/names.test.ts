import assert from "node:assert/strict";
import { test } from "node:test";
import { formatNamespace, parseLabName } from "./names.ts";

test("a namespace's name tells the process and the lab it belongs to", () => {
  assert.deepEqual(parseLabName(formatNamespace({ pid: 4711, serial: 2 }, "pop")), { pid: 4711, serial: 2 });
});

test("names that are not ours are never taken for a lab's", () => {
  for (const text of [
    "",
    "tmb",
    "tmb-",
    "tmb-x-1-pop",
    "tmb-0-1-pop",
    "tmb-12",
    "tmb-12x-1-pop",
    "atmb-12-1-pop",
    "tmb-12-1pop",
    "docker",
  ]) {
    assert.equal(parseLabName(text), undefined, text);
  }
});
