import { readFileSync } from "node:fs";
import { fields } from "../config/fields.ts";
import type { RunNote } from "../run/client-run.ts";
import type { InstanceSettings } from "../run/instance.ts";
import { formatNote } from "../report/notes.ts";
import { nameLogin } from "../run/name-login.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import type { AiccuConf } from "./conf.ts";
import type { AiccuSettings } from "./wishes.ts";
import { isAlive, readStartTicks, type ProcessMark } from "../run/pid-file.ts";
import { makePaths } from "../run/paths.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface AiccuStart {
  readonly conf: AiccuConf;
  readonly settings: AiccuSettings;
  readonly environment: Environment;
  readonly configPath: string;
}

/** A tombolo instance that looks like aiccu: `tombolo status --device NAME` works on it. */
export function makeInstance(start: AiccuStart, grant: TunnelGrant | undefined): InstanceSettings {
  const { conf, settings, environment, configPath } = start;
  return {
    login: settings.login,
    tunnel: settings.tunnel,
    defaultRouteMetric: conf.defaultroute ? fields.metric.fallback : undefined,
    // aiccu never gives up once it runs.
    keepTrying: true,
    paths: makePaths({
      device: settings.device,
      directory: environment["TOMBOLO_RUN_DIR"],
      logFile: environment["TOMBOLO_LOGFILE"],
    }),
    aiccu: {
      grant,
      beating: conf.makebeats,
      localIpv4: settings.localIpv4,
      setupScript: conf.setupscript === "" ? undefined : conf.setupscript,
      pidFile: conf.pidfile,
      processArguments: ["aiccu", "start", configPath],
    },
  };
}

/** What the note says, once more than aiccu does: it is quiet while it runs. */
export function describeRun(instance: InstanceSettings, note: RunNote): string | undefined {
  // The login in the foreground was told already, in aiccu's words.
  if (note.kind === "granted" || (note.kind === "login" && note.attempt === 1)) return undefined;
  return formatNote(note, nameLogin(instance.login)).text;
}

/**
 * The process of a pid file, when it is one of ours: a number alone may belong to somebody else by now, and what is asked with it is to
 * end. Undefined when there is none.
 */
export function findRunning(pidFile: string): ProcessMark | undefined {
  try {
    const pid = Number(/^[1-9]\d{0,9}/.exec(readFileSync(pidFile, "latin1").slice(0, 100))?.[0]);
    const startTicks = readStartTicks(pid);
    if (startTicks === undefined || !readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes("aiccu")) return undefined;
    const mark = { pid, startTicks };
    return isAlive(mark) ? mark : undefined;
  } catch {
    return undefined;
  }
}
