import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { failure, success, type Result } from "@tombolo/base";
import { errorMessage } from "../failure/errors.ts";
import type { Failure } from "../failure/failure.ts";
import type { RunNote } from "./client-run.ts";
import { runInstance, type InstanceSettings } from "./instance.ts";
import { catchStopSignals } from "./signals.ts";

/*
 * `up --background` starts this program once more, in a session of its own, and hands it the settings over Node's channel between parent and
 * child (so that no key stands in an argument or a variable). The child tells what happens until the parent has seen enough:
 *
 *   parent → child   { settings }
 *   child → parent   { note } any number of times, then perhaps { ended }
 */
interface ToChild {
  readonly settings: InstanceSettings;
}
type ToParent = { readonly note: RunNote } | { readonly ended: { readonly failure: Failure | undefined } };

const marker = "TOMBOLO_BACKGROUND_CHILD";

/** The value tells whether the tunnel is proven, or the child goes on trying, or ended because it was asked to. */
export async function startInBackground(
  settings: InstanceSettings,
  onNote: (note: RunNote) => void,
): Promise<Result<"proven" | "trying" | "stopped", Failure>> {
  let child: ChildProcess;
  try {
    child = spawnChild(settings);
  } catch (error) {
    return failure({ code: "system-refused", what: `to write ${settings.paths.logFile}`, message: errorMessage(error) });
  }
  const { promise, resolve } = Promise.withResolvers<Result<"proven" | "trying" | "stopped", Failure>>();
  const release = catchStopSignals(() => void child.kill("SIGTERM"));
  child.on("message", (message: ToParent) => {
    if ("ended" in message) return resolve(message.ended.failure === undefined ? success("stopped") : failure(message.ended.failure));
    onNote(message.note);
    if (message.note.kind === "proven") resolve(success("proven"));
    if (message.note.kind === "waiting" || message.note.kind === "silent") resolve(success("trying"));
  });
  child.on("error", (error) => resolve(failure({ code: "internal", message: errorMessage(error) })));
  // Comes after the last message, which "exit" does not promise.
  child.on("disconnect", () => {
    resolve(failure({ code: "internal", message: `the background process ended without a word; see ${settings.paths.logFile}` }));
  });
  const message: ToChild = { settings };
  child.send(message);
  const outcome = await promise;
  release();
  if (child.connected) child.disconnect();
  child.unref();
  return outcome;
}

function spawnChild(settings: InstanceSettings): ChildProcess {
  const { logFile, device } = settings.paths;
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o755 });
  const log = openSync(logFile, "a", 0o600);
  // The arguments are for whoever reads the list of processes; the child takes its settings from the message.
  const shown = settings.aiccu?.processArguments ?? ["up", "--background", "--device", device];
  const args = [...process.execArgv, process.argv[1] ?? "", ...shown];
  const env: NodeJS.ProcessEnv = { ...process.env, [marker]: "1" };
  delete env["TOMBOLO_KEY"];
  try {
    return spawn(process.execPath, args, { detached: true, cwd: "/", env, stdio: ["ignore", log, log, "ipc"], serialization: "advanced" });
  } finally {
    closeSync(log);
  }
}

export function isBackgroundChild(environment: Readonly<Record<string, string | undefined>>): boolean {
  return environment[marker] === "1" && process.send !== undefined;
}

/** The child's whole life; `onNote` writes the log. */
export async function runBackgroundChild(onNote: (note: RunNote, settings: InstanceSettings) => void): Promise<Failure | undefined> {
  const { promise, resolve } = Promise.withResolvers<ToChild | undefined>();
  process.once("message", (message: ToChild) => resolve(message));
  process.once("disconnect", () => resolve(undefined));
  const settings = (await promise)?.settings;
  if (settings === undefined) return { code: "internal", message: "the process that started this one is gone" };
  const tell = (message: ToParent): void => {
    // The parent leaves when it has seen enough, at any moment.
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  const ending = await runInstance(settings, (note) => {
    onNote(note, settings);
    tell({ note });
  });
  tell({ ended: { failure: ending } });
  if (process.connected) process.disconnect();
  return ending;
}
