import { join } from "node:path";
import { run } from "../src/cli/run.ts";

export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `tombolod` in this process, with everything it makes inside `folder`. */
export class CommandLine {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  isTerminal = false;
  out = "";
  err = "";

  constructor(folder: string, environment: Readonly<Record<string, string>> = {}) {
    this.folder = folder;
    this.environment = {
      TOMBOLO_BROKER_DATABASE: join(folder, "tombolo.db"),
      TOMBOLO_BROKER_MASTER_KEY: join(folder, "master.key"),
      TOMBOLO_POP_STATE: join(folder, "pop-state"),
      TOMBOLO_LOG_FORMAT: "json",
      ...environment,
    };
  }

  /** Runs to its end, or until `stop` aborts. */
  async run(args: readonly string[], stop: AbortSignal = new AbortController().signal): Promise<Said> {
    const said = { out: "", err: "" };
    const status = await run(args, {
      environment: this.environment,
      isTerminal: this.isTerminal,
      logsToTerminal: false,
      out: (text) => {
        said.out += text;
        this.out += text;
      },
      err: (text) => {
        said.err += text;
        this.err += text;
      },
      stop,
    });
    return { status, ...said };
  }

  /** Runs a command that must succeed, with `--json`. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { status, out, err } = await this.run([...args, "--json"]);
    if (status !== 0) throw new Error(`${args.join(" ")}: ${status} ${err}`);
    return JSON.parse(out) as T;
  }

  /** The log lines so far. */
  events(): readonly Record<string, unknown>[] {
    return this.err
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** Puts fixed text in the place of what differs from run to run. */
export function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "2026-01-01T00:00:00Z")
    .replace(/\b[0-9a-hjkmnp-tv-z]{26}\b/g, "ACCESS-KEY")
    .replace(/\b[0-9a-f]{64}\b/g, "TOKEN")
    .replace(/\b[0-9a-f]{32}\b/g, "SECRET");
}
