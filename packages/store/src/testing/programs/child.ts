import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Another process that works on the same database; each has a file of its own beside this one. */
export type Program = "allocate" | "hold-half" | "commit-forever";

export interface Child {
  readonly process: ChildProcess;
  /** What it prints, line by line, until it ends. */
  readonly lines: AsyncIterable<string>;
  /** Exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export function startProgram(program: Program, args: readonly string[]): Child {
  const ending = import.meta.filename.endsWith(".ts") ? ".ts" : ".js";
  const path = fileURLToPath(new URL(`./${program}${ending}`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit").then(([code, signal]: (number | string | null)[]) => code ?? signal ?? "unknown");
  return { process: child, lines: createInterface({ input: child.stdout }), ended };
}

/** Ends it at once, as a power cut would, and waits until it is gone. */
export async function killAbruptly(child: Child): Promise<void> {
  child.process.kill("SIGKILL");
  await child.ended;
}

export async function nextLine(child: Child): Promise<string> {
  for await (const line of child.lines) return line;
  throw new Error("the program ended before it printed a line");
}
