import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { failure, success, type Result } from "@tombolo/base";
import { lineStart, splitLines } from "@tombolo/protocols";
import { messageOf } from "../log.ts";
import { StateAssembler } from "./assembler.ts";
import { decodeStateLine, encodeStateLine, stateLineMaxBytes } from "./codec.ts";
import type { DesiredState } from "./desired.ts";

/*
 * The copy on disk: a header, the lines of a snapshot as in the stream, and the SHA-256 of every byte before the last line.
 *
 *   {"type":"tombolo-pop-state","version":1}
 *   {"type":"snapshot",…} {"type":"tunnel",…}… {"type":"end",…}
 *   {"type":"sum","sha256":"…"}
 */
const header = JSON.stringify({ type: "tombolo-pop-state", version: 1 });
const sumLine = /^\{"type":"sum","sha256":"([0-9a-f]{64})"\}$/;
const chunkBytes = 262_144;

/** What is wrong with the copy on disk; "absent" is no fault at a first start. */
export type StateFileFault = "absent" | "unreadable" | "header" | "line" | "sum" | "incomplete";

/** Writes beside the file, syncs, and renames over it, so that a crash leaves the old copy or the new one. Mode 0600: it holds secrets. */
export async function writeStateFile(path: string, state: DesiredState): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, "w", 0o600);
  try {
    await file.chmod(0o600);
    await writeLines(file, state);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
}

async function writeLines(file: FileHandle, state: DesiredState): Promise<void> {
  const sum = createHash("sha256");
  let chunk = "";
  const flush = async (): Promise<void> => {
    sum.update(chunk);
    await file.write(chunk);
    chunk = "";
  };
  for (const line of linesOf(state)) {
    chunk += `${line}\n`;
    if (chunk.length >= chunkBytes) await flush();
  }
  await flush();
  await file.write(`${JSON.stringify({ type: "sum", sha256: sum.digest("hex") })}\n`);
}

function* linesOf(state: DesiredState): Generator<string> {
  yield header;
  yield encodeStateLine({ type: "snapshot", revision: state.revision, pop: state.pop });
  for (const tunnel of state.tunnels.values()) yield encodeStateLine({ type: "tunnel", tunnel });
  yield encodeStateLine({ type: "end", revision: state.revision });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Reads the copy back; anything wrong with it is a reason, and the caller sets the file aside. */
export async function readStateFile(path: string, tunnelsMax: number): Promise<Result<DesiredState, StateFileFault>> {
  const reader = new StateFileReader(tunnelsMax);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
      const fault = reader.push(chunk);
      if (fault !== undefined) return failure(fault);
    }
  } catch (error) {
    return failure((error as NodeJS.ErrnoException).code === "ENOENT" ? "absent" : "unreadable");
  }
  return reader.finish();
}

class StateFileReader {
  #split = lineStart;
  readonly #assembler: StateAssembler;
  readonly #sum = createHash("sha256");
  #lines = 0;
  #summed = false;

  constructor(tunnelsMax: number) {
    this.#assembler = new StateAssembler(tunnelsMax);
  }

  push(chunk: Uint8Array): StateFileFault | undefined {
    const { state, lines, fault } = splitLines(this.#split, chunk, stateLineMaxBytes);
    this.#split = state;
    for (const line of lines) {
      const wrong = this.#line(line);
      if (wrong !== undefined) return wrong;
    }
    return fault && "line";
  }

  finish(): Result<DesiredState, StateFileFault> {
    const state = this.#assembler.held;
    if (state === undefined || !this.#summed || this.#split.pending.length > 0) return failure("incomplete");
    return success(state);
  }

  #line(line: string): StateFileFault | undefined {
    this.#lines += 1;
    if (this.#summed) return "line";
    const sum = sumLine.exec(line);
    if (sum !== null) {
      this.#summed = true;
      return sum[1] === this.#sum.digest("hex") ? undefined : "sum";
    }
    this.#sum.update(`${line}\n`);
    if (this.#lines === 1) return line === header ? undefined : "header";
    const decoded = decodeStateLine(line);
    return decoded.ok && this.#assembler.push(decoded.value).ok ? undefined : "line";
  }
}

/** How many bad files are kept. */
const asideMax = 8;

/**
 * Moves a file that cannot be used out of the way, for a person to look at: to `<path>.bad`, `.bad2`, up to `.bad8`. None of them is
 * overwritten, for the first one is the likeliest to tell what happened; only when there are eight, the last one is.
 */
export async function setStateFileAside(path: string): Promise<Result<string, string>> {
  try {
    const taken = new Set(await readdir(dirname(path)));
    const names = Array.from({ length: asideMax }, (_, i) => `${path}.bad${i === 0 ? "" : i + 1}`);
    const aside = names.find((name) => !taken.has(basename(name))) ?? `${path}.bad${asideMax}`;
    await rename(path, aside);
    return success(aside);
  } catch (error) {
    await unlink(path).catch(() => undefined);
    return failure(messageOf(error));
  }
}
