import { readFileSync, rmSync, writeFileSync } from "node:fs";

/** A process that cannot be mistaken for another one that got the same number later. */
export interface ProcessMark {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: start time in clock ticks since boot. */
  readonly startTicks: string;
}

/** Two lines: the process number, as other programs expect it, and its start time. */
export function writePidFile(path: string, pid: number): void {
  writeFileSync(path, `${pid}\n${readStartTicks(pid) ?? ""}\n`, { mode: 0o644 });
}

/** The process that wrote the file, when it still runs; "stale" when it does not; undefined without a (readable) file. */
export function readPidFile(path: string): ProcessMark | "stale" | undefined {
  let text: string;
  try {
    text = readFileSync(path, "latin1").slice(0, 100);
  } catch {
    return undefined;
  }
  const match = /^([1-9]\d{0,9})\n(\d+)\n$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return "stale";
  const mark = { pid: Number(match[1]), startTicks: match[2] };
  return isAlive(mark) ? mark : "stale";
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}

export function isAlive(mark: ProcessMark): boolean {
  return readStartTicks(mark.pid) === mark.startTicks;
}

/** Undefined when there is no such process, or only its exit status is left (a zombie). */
export function readStartTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in brackets and may itself hold blanks and brackets.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
