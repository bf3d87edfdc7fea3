import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { findTestFiles, kindOf } from "./files.ts";
import type { Job, JobResult } from "./job.ts";
import { exitCodeFor, formatTotal, runSuite } from "./run.ts";
import { makeTestJob } from "./test-job.ts";

const never = new AbortController().signal;

async function runText(t: TestContext, text: string, bound = 30): Promise<JobResult> {
  const root = mkdtempSync(join(tmpdir(), "tombolo-suite-test-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, "sample.test.ts"), text);
  return makeTestJob(root, { path: "sample.test.ts", kind: "unit" }, bound).run(never);
}

function countsOf(result: JobResult): string {
  return formatTotal(result);
}

test("tests are counted, suites are not, and a skipped test is told by name", async (t) => {
  const result = await runText(
    t,
    `import { test, describe } from "node:test";
     describe("a suite", () => { test("one", () => {}); test("two", () => {}); });
     test("three", { skip: "no root" }, () => {});`,
  );
  assert.equal(countsOf(result), "2 passed, 0 failed, 1 skipped");
  assert.deepEqual(result.skips, ["sample.test.ts: three"]);
});

test("a failing test is one failure with its message and what the file printed", async (t) => {
  const result = await runText(
    t,
    `import { test } from "node:test";
     test("good", () => {});
     test("bad", async (t) => { await t.test("inner", () => { console.log("a clue"); throw new Error("it broke"); }); });`,
  );
  assert.equal(countsOf(result), "1 passed, 1 failed");
  assert.match(result.failures.join("\n"), /sample\.test\.ts: inner[^]*it broke[^]*a clue/);
});

test("a file that dies half-way is a failure and what passed before it counts", async (t) => {
  const result = await runText(
    t,
    `import { test } from "node:test";
     import { setTimeout as sleep } from "node:timers/promises";
     test("good", () => {});
     test("deadly", async () => { await sleep(300); process.kill(process.pid, "SIGKILL"); await sleep(5000); });`,
  );
  assert.equal(countsOf(result), "1 passed, 1 failed");
  assert.match(result.failures[0] ?? "", /died of SIGKILL; it stood in: .*deadly/);
});

test("a stuck file is stopped at its bound, with its children, and tells where it stood", async (t) => {
  const result = await runText(
    t,
    `import { test } from "node:test";
     import { spawn } from "node:child_process";
     test("endless", async () => { spawn("sleep", ["1000"], { stdio: "inherit" }); await new Promise(() => setInterval(() => {}, 1000)); });`,
    2,
  );
  assert.equal(countsOf(result), "0 passed, 1 failed");
  assert.match(result.failures[0] ?? "", /stuck: stopped after 2 s; it stood in: .*endless/);
});

test("a file without a test, and one that does not load, are failures", async (t) => {
  const empty = await runText(t, "export {};");
  assert.equal(countsOf(empty), "0 passed, 1 failed");
  assert.match(empty.failures[0] ?? "", /holds no test/);
  const broken = await runText(t, `import "./missing.ts";`);
  assert.equal(countsOf(broken), "0 passed, 1 failed");
  assert.match(broken.failures[0] ?? "", /ended with code 1[^]*missing\.ts/);
});

test("a test that fails after its file's own exit code was set to 0 still fails the run", async (t) => {
  const result = await runText(
    t,
    `import { test } from "node:test";
     test("bad", () => { throw new Error("no"); });
     process.on("exit", () => { process.exitCode = 0; });`,
  );
  assert.equal(countsOf(result), "0 passed, 1 failed");
});

test("the suite prints every job, sums them and ends with the total", async () => {
  const job = (name: string, result: Partial<JobResult>): Job => ({
    name,
    width: 1,
    run: () => Promise.resolve({ passed: 0, failed: 0, skipped: 0, tookMs: 1, failures: [], skips: [], ...result }),
  });
  let text = "";
  const total = await runSuite({
    jobs: [job("a", { passed: 2 }), job("b", { passed: 1, failed: 1, failures: ["b: broke\n  why"] })],
    places: 2,
    boundSec: 10,
    signal: never,
    write: (piece) => (text += piece),
  });
  assert.equal(formatTotal(total), "3 passed, 1 failed");
  assert.match(text, /\[ {2}1\/2] ok .* a {2}\(2 passed\)[^]*FAIL .* b [^]*failed:\n {2}b: broke\n/);
  assert.equal(exitCodeFor(total), 1);
});

test("jobs that were never run count as failures, so a stopped suite cannot pass", async () => {
  const stopped = AbortSignal.abort();
  const job: Job = { name: "a", width: 1, run: () => Promise.reject(new Error("must not run")) };
  const total = await runSuite({ jobs: [job, job], places: 1, boundSec: 10, signal: stopped, write: () => undefined });
  assert.equal(formatTotal(total), "0 passed, 2 failed");
});

test("a run in which nothing passed is a failed run", () => {
  assert.equal(exitCodeFor({ passed: 0, failed: 0, skipped: 3 }), 1);
  assert.equal(exitCodeFor({ passed: 1, failed: 0, skipped: 3 }), 0);
});

test("the kind of a test file follows from its name", () => {
  assert.equal(kindOf("packages/base/src/address/ipv6.test.ts"), "unit");
  assert.equal(kindOf("packages/store/src/postgres.slow.test.ts"), "slow");
  assert.equal(kindOf("fuzz/ayiya.test.ts"), "slow");
  assert.equal(kindOf("tests/netns/first-light.test.ts"), "alone");
  assert.equal(kindOf("tests/house/arrows.test.ts"), "house");
  assert.equal(kindOf("tests/house/arrows.ts"), undefined);
});

test("test files are found in folders, not in what was installed or built", (t) => {
  const root = mkdtempSync(join(tmpdir(), "tombolo-suite-test-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ["packages/a/src", "packages/a/dist", "packages/a/node_modules/b", "tests/netns"]) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, "x.test.ts"), "");
  }
  assert.deepEqual(
    findTestFiles(root).map((file) => file.path),
    ["packages/a/src/x.test.ts", "tests/netns/x.test.ts"],
  );
});
