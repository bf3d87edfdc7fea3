import { spawn, type ChildProcess } from "node:child_process";
import { until, within } from "../wait/until.ts";
import { Tail } from "./tail.ts";

export interface ProcessOptions {
  /** Written to the program's standard input, which is then closed; without it the input is empty. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface RunOptions extends ProcessOptions {
  /** Default 30,000; over it the program is killed and its status is undefined. */
  readonly timeoutMs?: number;
}

export interface Exit {
  /** Undefined when a signal ended it, or when it could not be started. */
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export interface RunResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the lab's, in a process group of its own: a Ctrl-C at the terminal reaches the lab first. */
export interface LabProcess {
  readonly command: readonly string[];
  readonly pid: number | undefined;
  readonly running: boolean;
  readonly exited: Promise<Exit>;
  /** The last 256 KiB of each stream. */
  readonly stdout: string;
  readonly stderr: string;
  /** Sends a signal to the program alone. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM to the group, and SIGKILL when that took longer than `graceMs` (default 3,000). */
  end(graceMs?: number): Promise<Exit>;
  /** Waits for a match in either stream; fails at once when the program ends without one. */
  waitFor(pattern: RegExp, withinMs: number): Promise<RegExpExecArray>;
}

const keptCharacters = 262_144;

export function startProcess(command: readonly string[], options: ProcessOptions = {}): LabProcess {
  const [program, ...args] = command;
  const child = spawn(program ?? "", args, {
    detached: true,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C", ...options.env },
    cwd: options.cwd,
  });
  const stdout = new Tail(keptCharacters);
  const stderr = new Tail(keptCharacters);
  child.stdout?.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
  // A program may leave before it has read its input (EPIPE); its exit status tells more than that.
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input);
  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once("error", (error) => {
      running = false;
      stderr.push(`${error.message}\n`);
      resolve({ status: undefined, signal: undefined });
    });
    child.once("exit", () => {
      running = false;
    });
    child.once("close", (status, signal) => resolve({ status: status ?? undefined, signal: signal ?? undefined }));
  });
  const self: LabProcess = {
    command,
    pid: child.pid,
    exited,
    get running() {
      return running;
    },
    get stdout() {
      return stdout.text;
    },
    get stderr() {
      return stderr.text;
    },
    signal: (signal) => void child.kill(signal),
    end: (graceMs = 3_000) => endGroup(child, exited, graceMs),
    waitFor: (pattern, withinMs) => waitForText(self, pattern, withinMs),
  };
  return self;
}

/** Runs a program to its end. A status other than 0 is a result, not an error. */
export async function runProcess(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const started = startProcess(command, options);
  const exit = (await within(options.timeoutMs ?? 30_000, started.exited)) ?? { ...(await started.end(0)), status: undefined };
  return { ...exit, stdout: started.stdout, stderr: started.stderr };
}

async function endGroup(child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<Exit> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    if (graceMs > 0) signalGroup(child.pid, "SIGTERM");
    if ((await within(graceMs, exited)) !== undefined) return exited;
    signalGroup(child.pid, "SIGKILL");
  }
  // A grandchild that left the group may hold the pipes open; the program itself is gone then.
  return (await within(2_000, exited)) ?? { status: child.exitCode ?? undefined, signal: child.signalCode ?? undefined };
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // ESRCH: it left between our look and our signal.
  }
}

async function waitForText(of: LabProcess, pattern: RegExp, withinMs: number): Promise<RegExpExecArray> {
  const find = (): RegExpExecArray | undefined => pattern.exec(of.stdout) ?? pattern.exec(of.stderr) ?? undefined;
  const what = `${String(pattern)} from ${of.command.join(" ")}`;
  const explain = (): string => `it said:\n${of.stdout}${of.stderr}`;
  return until(what, { withinMs, everyMs: 20, explain }, () => {
    const running = of.running;
    const found = find();
    if (found === undefined && !running) throw new Error(`ended before it said ${what}; ${explain()}`);
    return found;
  });
}
