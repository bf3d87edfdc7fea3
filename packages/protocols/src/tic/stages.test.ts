import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ticStages } from "./server-state.ts";

test("the stage table in README.md is the one that the session obeys", () => {
  const text = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const told = [...text.matchAll(/^\| `([a-z-]+)` \| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].map(([, stage = "", commands = ""]) => [
    stage,
    commands.split(", ").map((command) => command.replaceAll("`", "")),
  ]);
  assert.deepEqual(Object.fromEntries(told), ticStages);
});
