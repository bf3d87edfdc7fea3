import assert from "node:assert/strict";
import { test } from "node:test";
import { isAlive } from "../netns/namespaces.ts";
import { until } from "../wait/until.ts";
import { runProcess, startProcess } from "./process.ts";

test("both streams and the status come back", async () => {
  const result = await runProcess(["sh", "-c", "cat; echo bad >&2; exit 3"], { input: "good\n" });
  assert.deepEqual(result, { status: 3, signal: undefined, stdout: "good\n", stderr: "bad\n" });
});

test("a program that is not there is a result without a status, and says so", async () => {
  const result = await runProcess(["/no/such/program"]);
  assert.equal(result.status, undefined);
  assert.match(result.stderr, /ENOENT/);
});

test("a program over its time is killed, and has no status", async () => {
  const result = await runProcess(["sleep", "600"], { timeoutMs: 50 });
  assert.equal(result.status, undefined);
});

test("ending a program ends what it started, even when it ignores SIGTERM", async () => {
  const started = startProcess(["sh", "-c", "trap '' TERM; sleep 600 & echo child $!; wait; wait"]);
  const child = Number((await started.waitFor(/child (\d+)/, 5_000))[1]);
  const exit = await started.end(50);
  assert.equal(exit.signal, "SIGKILL");
  assert.equal(started.running, false);
  await until("the child is gone", { withinMs: 5_000 }, () => !isAlive(child));
});

test("waiting for words fails at once when the program ends without them", async () => {
  const started = startProcess(["sh", "-c", "echo other"]);
  await assert.rejects(started.waitFor(/words/, 60_000), /ended before it said \/words\/.*other/s);
});

test("of a chatty program only the last part is kept", async () => {
  const result = await runProcess(["sh", "-c", "yes tombolo | head -c 1000000; echo; echo the end"]);
  assert.ok(result.stdout.length <= 262_144);
  assert.match(result.stdout, /the end\n$/);
});
