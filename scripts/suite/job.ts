/** One thing that the suite runs: a test file, or a tool over the whole tree. */
export interface Job {
  readonly name: string;
  /** How many of the suite's places it takes; "all" runs it with nothing beside it. */
  readonly width: 1 | "all";
  run(signal: AbortSignal): Promise<JobResult>;
}

export interface JobResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly tookMs: number;
  /** One block of text per failure, ready to print. */
  readonly failures: readonly string[];
  /** Why tests were skipped, one line each. */
  readonly skips: readonly string[];
}
