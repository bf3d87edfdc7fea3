import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterMs } from "@tombolo/base";
import type { Command } from "../cli/command.ts";
import { askControl } from "../control/client.ts";
import type { Failure } from "../failure/failure.ts";
import { makeLinuxPlatform } from "../platform/linux.ts";
import { monotonicClock } from "../run/clocks.ts";
import { pathsOf, type InstancePaths } from "../run/paths.ts";
import { isAlive, readPidFile, readStartTicks, type ProcessMark } from "../run/pid-file.ts";
import { explainControl } from "./status.ts";

/** A tear-down takes milliseconds; a process that hangs in it gets this long. */
const askedMs = 10_000;
const killedMs = 2_000;

export const downCommand: Command = {
  name: "down",
  summary: "take the tunnel down",
  about:
    "Ends the running tombolo and waits until its interface, addresses and routes are gone; clears away what a killed one left behind.\nNothing to end is no error.",
  settings: ["device", "run-dir"],
  switches: {},
  examples: [
    ["tombolo down", "ends the tunnel on interface tombolo"],
    ["tombolo down --device work", "ends the one that was started with --device work"],
  ],
  async run(context) {
    const paths = pathsOf(context.settings);
    const found = await findInstance(paths);
    if ("failure" in found) return found.failure;
    if (found.process !== undefined && !(await endProcess(found.process)))
      return { code: "not-stopped", device: paths.device, pid: found.process.pid };
    const leftover = found.isKnown ? await clearAway(paths) : "absent";
    const stopped = found.process !== undefined || leftover === "removed";
    if (context.json) context.out(JSON.stringify({ device: paths.device, stopped }));
    else context.line({ text: stopped ? `${paths.device} is down.` : `No tombolo ran on ${paths.device}.`, mood: "plain" });
    return undefined;
  },
};

/** `isKnown`: there are traces of an instance, so that what is left on this host is ours. */
type Found = { readonly failure: Failure } | { readonly process: ProcessMark | undefined; readonly isKnown: boolean };

async function findInstance(paths: InstancePaths): Promise<Found> {
  const answer = await askControl(paths.socket, { command: "down" });
  if (answer.ok && "stopping" in answer.value) {
    const { pid } = answer.value;
    const startTicks = readStartTicks(pid);
    // Without start time it is already gone.
    return { process: startTicks === undefined ? undefined : { pid, startTicks }, isKnown: true };
  }
  if (!answer.ok && answer.reason.kind === "denied") return { failure: explainControl(answer.reason, paths.device) };
  // It does not answer: it was killed, or hangs.
  const mark = readPidFile(paths.pidFile);
  if (mark === undefined || mark === "stale") return { process: undefined, isKnown: mark === "stale" };
  try {
    process.kill(mark.pid, "SIGTERM");
  } catch {
    if (isAlive(mark)) return { failure: { code: "no-permission", what: `Ending process ${mark.pid}` } };
  }
  return { process: mark, isKnown: true };
}

/** Waits for a process that was asked to end, and ends it the hard way when it does not. */
export async function endProcess(mark: ProcessMark): Promise<boolean> {
  if (await isGone(mark, askedMs)) return true;
  try {
    process.kill(mark.pid, "SIGKILL");
  } catch {
    // Gone in the meantime, or not ours; the next look tells.
  }
  return isGone(mark, killedMs);
}

async function isGone(mark: ProcessMark, patienceMs: number): Promise<boolean> {
  const until = afterMs(monotonicClock.nowMs(), patienceMs);
  while (isAlive(mark)) {
    if (monotonicClock.nowMs() > until) return false;
    await sleep(20);
  }
  return true;
}

async function clearAway(paths: InstancePaths): Promise<"removed" | "absent"> {
  rmSync(paths.socket, { force: true });
  rmSync(paths.pidFile, { force: true });
  return makeLinuxPlatform().removeLeftover(paths.device);
}
