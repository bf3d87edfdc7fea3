import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { compileNativeChecks, fuzzTargets } from "../../native/test/compile.ts";

// Mutated inputs per fuzz target: a few seconds together. Longer: native/README.md.
const fuzzRuns = { split: 100_000, merge: 10_000, engine: 40_000 } as const;

const programs = await compileNativeChecks();

suite("the native core under the address and undefined-behaviour sanitizers", () => {
  const run = spawnSync(programs.core, { encoding: "utf8" });
  for (const line of run.stdout.trimEnd().split("\n")) {
    test(line.replace(/^(not )?ok /, ""), () => assert.ok(line.startsWith("ok "), run.stderr));
  }
  test("every core test ran to its end and no sanitizer spoke", () => {
    assert.equal(run.stderr, "");
    assert.equal(run.status, 0);
  });
});

suite("native fuzz targets, a short run each", () => {
  for (const target of fuzzTargets) {
    test(`${target}: no input breaks it`, () => {
      const dir = mkdtempSync(join(tmpdir(), "tombolo-fuzz-"));
      try {
        const run = spawnSync(programs.fuzz[target], [String(fuzzRuns[target])], { encoding: "utf8", cwd: dir });
        assert.equal(run.status, 0, run.stderr);
        assert.match(run.stdout, /^\d+ runs\n$/);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    });
  }
});
