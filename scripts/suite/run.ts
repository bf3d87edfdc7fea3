import type { Job, JobResult } from "./job.ts";

export interface SuiteWish {
  readonly jobs: readonly Job[];
  /** How many jobs of width 1 run side by side. */
  readonly places: number;
  readonly boundSec: number;
  readonly signal: AbortSignal;
  write(text: string): void;
}

export interface SuiteTotal {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs the jobs in order, some side by side, and prints a line as each ends; then what failed, what was skipped and the total. */
export async function runSuite(wish: SuiteWish): Promise<SuiteTotal> {
  const startMs = performance.now();
  const bound = AbortSignal.timeout(wish.boundSec * 1000);
  const signal = AbortSignal.any([wish.signal, bound]);
  const results: JobResult[] = [];
  const print = (job: Job, result: JobResult): void => {
    results.push(result);
    wish.write(`[${String(results.length).padStart(3)}/${wish.jobs.length}] ${lineFor(job, result)}\n`);
    for (const failure of result.failures) wish.write(`${failure}\n`);
  };
  for (const batch of batchesOf(wish.jobs)) await runBatch(batch, wish.places, signal, print);
  const total = totalOf(results);
  const failures = results.flatMap((result) => result.failures);
  const skips = results.flatMap((result) => result.skips);
  if (skips.length > 0) wish.write(`\nskipped:\n${skips.map((skip) => `  ${skip}\n`).join("")}`);
  if (failures.length > 0) wish.write(`\nfailed:\n${failures.map((failure) => `  ${failure.split("\n", 1)[0]}\n`).join("")}`);
  if (bound.aborted) wish.write(`\nThe whole run was stopped at its bound of ${wish.boundSec} s.\n`);
  wish.write(`\ntook ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`);
  return total;
}

function totalOf(results: readonly JobResult[]): SuiteTotal {
  const sum = (pick: (result: JobResult) => number): number => results.reduce((total, result) => total + pick(result), 0);
  return { passed: sum((r) => r.passed), failed: sum((r) => r.failed), skipped: sum((r) => r.skipped) };
}

/** `12 passed, 0 failed`, and `, 3 skipped` when there were any. */
export function formatTotal(total: SuiteTotal): string {
  return `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`;
}

/** Any failure fails the run, and so does a run in which nothing passed. */
export function exitCodeFor(total: SuiteTotal): 0 | 1 {
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** Neighbours of width 1 make one batch; a job of width "all" is a batch of its own. */
function batchesOf(jobs: readonly Job[]): Job[][] {
  const batches: Job[][] = [];
  for (const job of jobs) {
    const last = batches.at(-1);
    if (job.width === 1 && last?.[0]?.width === 1) last.push(job);
    else batches.push([job]);
  }
  return batches;
}

async function runBatch(
  jobs: readonly Job[],
  places: number,
  signal: AbortSignal,
  print: (job: Job, result: JobResult) => void,
): Promise<void> {
  const waiting = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      print(job, signal.aborted ? notRun(job) : await job.run(signal));
    }
  };
  await Promise.all(Array.from({ length: places }, work));
}

function notRun(job: Job): JobResult {
  return { passed: 0, failed: 1, skipped: 0, tookMs: 0, failures: [`${job.name}: not run, the suite was stopped before`], skips: [] };
}

function lineFor(job: Job, result: JobResult): string {
  const counts = [`${result.passed} passed`];
  if (result.failed > 0) counts.push(`${result.failed} FAILED`);
  if (result.skipped > 0) counts.push(`${result.skipped} skipped`);
  return `${result.failed > 0 ? "FAIL" : "ok  "} ${(result.tookMs / 1000).toFixed(1).padStart(5)} s  ${job.name}  (${counts.join(", ")})`;
}
