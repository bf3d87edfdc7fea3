import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { findObstacle, startProcess, until, type LabProcess } from "@tombolo/lab";

const skip = findObstacle() ?? false;

function startProgram(name: "demo" | "bench", words: readonly string[]): LabProcess {
  const file = fileURLToPath(new URL(`../../packages/lab/src/${name}.ts`, import.meta.url));
  return startProcess([process.execPath, "--conditions=source", file, ...words]);
}

function listTraces(of: LabProcess): readonly string[] {
  const start = `tmb-${of.pid ?? 0}-`;
  return [...readdirSync("/run/netns"), ...readdirSync(tmpdir())].filter((name) => name.startsWith(start));
}

interface DemoReport {
  readonly ok: boolean;
  readonly steps: readonly { readonly name: string; readonly ok: boolean; readonly proof: readonly string[] }[];
}

test("npm run demo succeeds in every step and leaves nothing behind", { skip }, async () => {
  const demo = startProgram("demo", ["--json"]);
  const exit = await demo.exited;
  assert.equal(exit.status, 0, demo.stdout + demo.stderr);
  const report = JSON.parse(demo.stdout) as DemoReport;
  assert.equal(report.ok, true);
  for (const wanted of [/^ping6 /, /^traceroute6 /, /^curl /, /kill -9 of the broker/, /falls back to mobile/, /café/, /tombolo down/]) {
    assert.ok(
      report.steps.some((step) => wanted.test(step.name) && step.ok),
      String(wanted),
    );
  }
  assert.deepEqual(listTraces(demo), []);
});

test("npm run demo that is interrupted half-way leaves nothing behind", { skip }, async () => {
  const demo = startProgram("demo", []);
  await demo.waitFor(/The proof/, 60_000);
  demo.signal("SIGINT");
  assert.equal((await demo.exited).signal, "SIGINT");
  await until(
    "the demo's lab is gone",
    { withinMs: 10_000, explain: () => listTraces(demo).join(" ") },
    () => listTraces(demo).length === 0,
  );
});

test("npm run bench prints a row in the promised form", { skip }, async () => {
  const bench = startProgram("bench", ["--json", "--only", "ayiya.ping"]);
  const exit = await bench.exited;
  assert.equal(exit.status, 0, bench.stderr);
  const { machine, rows } = JSON.parse(bench.stdout) as { machine: Record<string, unknown>; rows: readonly Record<string, unknown>[] };
  assert.equal(typeof machine["cores"], "number");
  assert.equal(rows.length, 1);
  assert.deepEqual(Object.keys(rows[0] ?? {}), ["name", "value", "unit", "goal", "better"]);
  assert.equal(rows[0]?.["name"], "ayiya.ping.added-ms");
  assert.deepEqual(listTraces(bench), []);
});

test("words that the programs do not know are wrong usage", async () => {
  for (const name of ["demo", "bench"] as const) {
    const program = startProgram(name, ["--nonsense"]);
    assert.equal((await program.exited).status, 2);
    assert.match(program.stderr, /usage: npm run/);
  }
});
