import { rmSync, writeFileSync } from "node:fs";
import { ByteReader, success, type Ipv4Address, type Result } from "@tombolo/base";
import { openUserspacePlane } from "@tombolo/dataplane";
import type { LoginSettings } from "../config/login.ts";
import { askControl } from "../control/client.ts";
import type { ControlAnswer, ControlRequest } from "../control/messages.ts";
import { openControlServer, type ControlServer } from "../control/server.ts";
import { errorCode, errorMessage } from "../failure/errors.ts";
import type { Failure } from "../failure/failure.ts";
import { makeLinuxPlatform } from "../platform/linux.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import { fetchGrant } from "../tic/login.ts";
import { programName } from "../version.ts";
import { ClientRun, type RunNote } from "./client-run.ts";
import { monotonicClock as monotonic, random, wallClock as wall } from "./clocks.ts";
import { failureOfFault } from "./link.ts";
import type { InstancePaths } from "./paths.ts";
import { readPidFile, removePidFile, writePidFile } from "./pid-file.ts";
import { sendHeartbeat } from "./send-beat.ts";
import { runSetupScript } from "./setup-script.ts";
import { catchStopSignals, catchToggleSignal } from "./signals.ts";
import { findSourceAddress } from "./source-address.ts";
import { makeStatus } from "./status.ts";

/** All that a run needs, as plain data that can be handed to another process. */
export interface InstanceSettings {
  readonly login: LoginSettings;
  /** Undefined: the only one there is. */
  readonly tunnel: number | undefined;
  /** Undefined: no default route. */
  readonly defaultRouteMetric: number | undefined;
  readonly keepTrying: boolean;
  readonly paths: InstancePaths;
  readonly aiccu?: AiccuWishes;
}

/** What `tombolo aiccu start` adds. */
export interface AiccuWishes {
  /** Fetched already; later logins go to the broker. */
  readonly grant: TunnelGrant | undefined;
  readonly beating: boolean;
  readonly localIpv4: Ipv4Address | undefined;
  readonly setupScript: string | undefined;
  /** Besides the one in the run directory: one line with the process number, as scripts expect it. */
  readonly pidFile: string | undefined;
  /** What the list of processes shows behind the program's name. */
  readonly processArguments: readonly string[];
}

/** Runs one tunnel in this process until a signal (of the process, or `signal`), `tombolo down` or a failure ends it; everything is torn down when it settles. */
export async function runInstance(
  settings: InstanceSettings,
  onNote: (note: RunNote) => void,
  signal?: AbortSignal,
): Promise<Failure | undefined> {
  const { paths } = settings;
  const pidFile = settings.aiccu?.pidFile;
  const obstacle = await findObstacle(paths);
  if (obstacle !== undefined) return obstacle;
  const run = makeRun(settings, onNote);
  let control: ControlServer;
  try {
    control = await openControlServer(paths.socket, (request) => answer(run, paths.device, request));
    writePidFile(paths.pidFile, process.pid);
    if (pidFile !== undefined) writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    const code = errorCode(error);
    if (code === "EACCES" || code === "EPERM") return { code: "no-permission", what: `Writing into ${paths.directory}` };
    return { code: "system-refused", what: `to write into ${paths.directory}`, message: errorMessage(error) };
  }
  signal?.addEventListener("abort", () => run.stop(), { once: true });
  const release = catchStopSignals(() => run.stop());
  const releaseToggle = catchToggleSignal(() => run.toggleBeats());
  try {
    return await run.run();
  } finally {
    release();
    releaseToggle();
    if (pidFile !== undefined) rmSync(pidFile, { force: true });
    removePidFile(paths.pidFile);
    await control.close();
  }
}

/** What keeps a run on these paths from beginning; nothing is changed by looking. */
export async function findObstacle(paths: InstancePaths): Promise<Failure | undefined> {
  const platform = makeLinuxPlatform();
  const fault = await platform.findObstacle();
  if (fault !== undefined) return failureOfFault(fault);
  const other = await askControl(paths.socket, { command: "status" });
  if (other.ok) {
    return { code: "already-running", device: paths.device, pid: "status" in other.value ? other.value.status.pid : undefined };
  }
  if (other.reason.kind === "denied") return { code: "no-permission", what: "Asking the running tombolo" };
  const mark = readPidFile(paths.pidFile);
  if (mark !== undefined && mark !== "stale") return { code: "already-running", device: paths.device, pid: mark.pid };
  // Before the login rather than after it: a TIC server counts logins.
  return (await platform.readLink(paths.device)) === undefined ? undefined : { code: "device-busy", device: paths.device };
}

function makeRun(settings: InstanceSettings, onNote: (note: RunNote) => void): ClientRun {
  const { login, tunnel, defaultRouteMetric, keepTrying, paths, aiccu } = settings;
  const localIpv4 = aiccu?.localIpv4;
  let granted = aiccu?.grant;
  const askForGrant = (signal: AbortSignal): Promise<Result<TunnelGrant, Failure>> => {
    const first = granted;
    granted = undefined;
    return first === undefined ? fetchGrant({ ...login, monotonic, wall }, tunnel, signal) : Promise.resolve(success(first));
  };
  return new ClientRun({
    device: paths.device,
    defaultRouteMetric,
    platform: makeLinuxPlatform(),
    openPlane: openUserspacePlane,
    login: askForGrant,
    findSource: findSourceAddress,
    monotonic,
    wall,
    after: (delayMs, act) => {
      const timer = setTimeout(act, delayMs);
      return () => clearTimeout(timer);
    },
    localIpv4,
    sendBeat: (grant, at) => sendHeartbeat(grant, at, localIpv4),
    beating: aiccu?.beating ?? true,
    supervisor: { keepTrying, spread: new ByteReader(random(4)).uint32() / 2 ** 32 },
    onNote: (note) => {
      onNote(note);
      if (note.kind === "configured" && aiccu?.setupScript !== undefined) void runScript(aiccu.setupScript, note, onNote);
    },
  });
}

async function runScript(
  script: string,
  { device, grant }: { readonly device: string; readonly grant: TunnelGrant },
  onNote: (note: RunNote) => void,
): Promise<void> {
  const message = await runSetupScript(script, device, grant);
  if (message !== undefined) onNote({ kind: "script-failed", script, message });
}

function answer(run: ClientRun, device: string, request: ControlRequest): ControlAnswer {
  if (request.command === "status")
    return { version: 1, status: makeStatus(run.view(), { device, pid: process.pid, program: programName }) };
  run.stop();
  return { version: 1, stopping: true, pid: process.pid };
}
