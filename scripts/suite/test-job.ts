import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild, type ChildEnd } from "./child.ts";
import { boundSec, type TestFile } from "./files.ts";
import type { Job, JobResult } from "./job.ts";
import type { ReportLine } from "./reporter.ts";

/** A test file as a job: a process of its own, counted by its reporter's lines. `boundSec` is for tests of this module. */
export function makeTestJob(root: string, file: TestFile, bound: number = boundSec[file.kind]): Job {
  return {
    name: file.path,
    width: file.kind === "alone" ? "all" : 1,
    run: async (signal) => {
      const folder = mkdtempSync(join(tmpdir(), "tombolo-suite-"));
      try {
        const lines = join(folder, "lines");
        const end = await runChild({ program: process.execPath, args: argsFor(file, lines), cwd: root, boundSec: bound, signal });
        return tally(file.path, readLines(lines), end, bound);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function argsFor(file: TestFile, lines: string): string[] {
  const reporter = new URL("./reporter.ts", import.meta.url).href;
  return ["--conditions=source", `--test-reporter=${reporter}`, `--test-reporter-destination=${lines}`, file.path];
}

function readLines(path: string): ReportLine[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  // The last piece is empty, or half a line of a process that was killed.
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ReportLine);
}

/** Suites are not counted, only tests; a file that ends badly, is stuck or holds no test counts as one failure of its own. */
function tally(path: string, lines: readonly ReportLine[], end: ChildEnd, bound: number): JobResult {
  const failures: string[] = [];
  const skips: string[] = [];
  let passed = 0;
  const running: string[] = [];
  for (const line of lines) {
    if (line.kind === "begun") {
      running.push(line.name);
      continue;
    }
    running.splice(running.lastIndexOf(line.name), 1);
    if (line.outcome === "failed") {
      if (!line.onlyInside) failures.push(`${path}: ${line.name}\n${indent(line.error ?? "")}`);
    } else if (line.outcome === "skipped") {
      skips.push(`${path}: ${line.name}`);
    } else if (!line.isSuite) {
      passed += 1;
    }
  }
  const trouble = troubleOf({ end, bound, running, found: passed + failures.length + skips.length, failed: failures.length });
  if (trouble !== undefined) failures.push(`${path}: ${trouble}\n${indent(end.output)}`);
  else if (failures.length > 0 && end.output.trim() !== "") failures.push(...withOutput(failures.splice(-1), end.output));
  return { passed, failed: failures.length, skipped: skips.length, tookMs: end.tookMs, failures, skips };
}

function troubleOf(seen: { end: ChildEnd; bound: number; running: string[]; found: number; failed: number }): string | undefined {
  const where = seen.running.length > 0 ? `; it stood in: ${seen.running.join(" > ")}` : "";
  if (seen.end.why === "out-of-time") return `stuck: stopped after ${seen.bound} s${where}`;
  if (seen.end.why === "stopped") return `stopped before its end${where}`;
  if (seen.end.why === "not-started") return "could not be started";
  if (seen.end.signalName !== undefined) return `died of ${seen.end.signalName}${where}`;
  if (seen.end.code !== 0 && seen.failed === 0) return `ended with code ${seen.end.code}${where}`;
  if (seen.found === 0) return "holds no test";
  return undefined;
}

function withOutput(failures: string[], output: string): string[] {
  return failures.map((failure) => `${failure}\n  its output:\n${indent(output)}`);
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
