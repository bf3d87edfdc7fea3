import { inspect } from "node:util";

/** What one test file tells the suite, one JSON object a line. */
export type ReportLine =
  | { readonly kind: "begun"; readonly name: string; readonly nesting: number }
  | {
      readonly kind: "ended";
      readonly name: string;
      readonly nesting: number;
      readonly isSuite: boolean;
      readonly outcome: "passed" | "failed" | "skipped";
      /** True: it failed only because a test inside it did. */
      readonly onlyInside: boolean;
      readonly error: string | undefined;
    };

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    readonly nesting: number;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly details?: { readonly passed?: boolean; readonly type?: string; readonly error?: unknown };
  };
}

/** Reporter for `--test-reporter`, which asks for a default export. Lines are written as tests end, so a stuck file still tells where it stands. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type === "test:dequeue") yield line({ kind: "begun", name: event.data.name, nesting: event.data.nesting });
    if (event.type === "test:complete") yield line(ended(event));
  }
}

function ended({ data }: TestEvent): ReportLine {
  const error = data.details?.error;
  const put = data.skip !== undefined && data.skip !== false;
  const failed = data.details?.passed === false;
  return {
    kind: "ended",
    name: data.name,
    nesting: data.nesting,
    isSuite: data.details?.type === "suite",
    outcome: failed ? "failed" : put ? "skipped" : "passed",
    onlyInside: isObject(error) && error["failureType"] === "subtestsFailed",
    error: failed ? describe(error) : undefined,
  };
}

function describe(error: unknown): string {
  const cause = isObject(error) && error["cause"] !== undefined ? error["cause"] : error;
  return cause instanceof Error && cause.stack !== undefined ? inspect(cause) : typeof cause === "string" ? cause : inspect(cause);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function line(report: ReportLine): string {
  return `${JSON.stringify(report)}\n`;
}
