import { spawn } from "node:child_process";
import { join } from "node:path";

export interface ChildWish {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly boundSec: number;
  /** Ends the child early: it is asked to stop, then made to. */
  readonly signal: AbortSignal;
}

export interface ChildEnd {
  readonly why: "ended" | "out-of-time" | "stopped" | "not-started";
  /** 0 only when it ended so. */
  readonly code: number;
  readonly signalName: string | undefined;
  /** Standard output and error together, the last 64 KiB. */
  readonly output: string;
  readonly tookMs: number;
}

const graceMs = 8000;
const outputBound = 64 * 1024;

/**
 * Runs a program without a terminal or input, in a process group of its own. At its bound the group gets SIGTERM, so that it can tidy up,
 * and SIGKILL after a grace. Whatever is left of the group when the program has ended is killed as well.
 */
export async function runChild(wish: ChildWish): Promise<ChildEnd> {
  const startMs = performance.now();
  const child = spawn(wish.program, wish.args, {
    cwd: wish.cwd,
    env: environmentIn(wish.cwd),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const kept = keepTail(outputBound);
  child.stdout.on("data", kept.add);
  child.stderr.on("data", kept.add);
  let why: ChildEnd["why"] = "ended";
  let graceTimer: NodeJS.Timeout | undefined;
  const end = (reason: "out-of-time" | "stopped"): void => {
    if (why !== "ended") return;
    why = reason;
    signalGroup(child.pid, "SIGTERM");
    graceTimer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
  };
  const stop = (): void => end("stopped");
  const bound = setTimeout(() => end("out-of-time"), wish.boundSec * 1000);
  wish.signal.addEventListener("abort", stop, { once: true });
  if (wish.signal.aborted) stop();
  const { code, signalName } = await new Promise<{ code: number | null; signalName: NodeJS.Signals | null }>((resolve) => {
    child.once("error", (error) => {
      why = "not-started";
      kept.add(Buffer.from(`${error.message}\n`));
      resolve({ code: null, signalName: null });
    });
    // "exit", not "close": a grandchild that holds the pipe open must not hold the suite.
    child.once("exit", (exitCode, name) => resolve({ code: exitCode, signalName: name }));
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  clearTimeout(bound);
  clearTimeout(graceTimer);
  wish.signal.removeEventListener("abort", stop);
  signalGroup(child.pid, "SIGKILL");
  child.stdout.destroy();
  child.stderr.destroy();
  return { why, code: code ?? 1, signalName: signalName ?? undefined, output: kept.text(), tookMs: performance.now() - startMs };
}

/** With types stripped once and kept: a test file then starts in two thirds of the time. */
function environmentIn(root: string): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: join(root, ".cache/node"), ...process.env };
}

function signalGroup(pid: number | undefined, name: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // ESRCH: nothing of the group is left, which is what we want.
  }
}

function keepTail(boundBytes: number): { readonly add: (chunk: Buffer) => void; readonly text: () => string } {
  const chunks: Buffer[] = [];
  let size = 0;
  let cut = false;
  return {
    add: (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      while (chunks.length > 1 && size - (chunks[0]?.length ?? 0) >= boundBytes) {
        size -= chunks.shift()?.length ?? 0;
        cut = true;
      }
    },
    text: () => `${cut ? "[…]\n" : ""}${Buffer.concat(chunks).toString("utf8").slice(-boundBytes)}`,
  };
}
