import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { findTestFiles, type TestFile, type TestKind } from "./files.ts";
import type { Job } from "./job.ts";
import { exitCodeFor, runSuite, type SuiteTotal } from "./run.ts";
import { makeTestJob } from "./test-job.ts";
import { makeToolJobs } from "./tool-job.ts";

export interface SuitePlan {
  readonly kinds: readonly TestKind[];
  readonly boundSec: number;
  /** Words on the command line: only test files whose path holds one of them, and no tools. */
  readonly only: readonly string[];
  /** What to say last. */
  closing(total: SuiteTotal): string;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a plan and sets the exit code. A first SIGINT or SIGTERM stops the children, so that they can tidy up. */
export async function runPlan(plan: SuitePlan): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    const total = await runSuite({
      jobs: jobsFor(plan),
      places: Math.max(2, availableParallelism()),
      boundSec: plan.boundSec,
      signal: stop.signal,
      write: (text) => void process.stdout.write(text),
    });
    process.exitCode = exitCodeFor(total);
    process.stdout.write(plan.closing(total));
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

/** The order of kinds is the order of running, so quick answers come first. */
function jobsFor(plan: SuitePlan): Job[] {
  const files = findTestFiles(root).filter((file) => plan.kinds.includes(file.kind) && isWanted(file, plan.only));
  const tests = plan.kinds.flatMap((kind) => files.filter((file) => file.kind === kind).map((file) => makeTestJob(root, file)));
  return plan.only.length > 0 ? tests : [...makeToolJobs(root), ...tests];
}

function isWanted(file: TestFile, only: readonly string[]): boolean {
  return only.length === 0 || only.some((word) => file.path.includes(word));
}
