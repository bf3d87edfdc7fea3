import { join } from "node:path";
import type { Settings } from "../config/settings.ts";

/** Where one instance keeps its files; the device's name tells instances apart. */
export interface InstancePaths {
  readonly device: string;
  readonly directory: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly logFile: string;
}

export function pathsOf(settings: Settings): InstancePaths {
  const device = settings.values.device ?? "tombolo";
  const directory = settings.values["run-dir"] ?? "/run/tombolo";
  return {
    device,
    directory,
    socket: join(directory, `${device}.sock`),
    pidFile: join(directory, `${device}.pid`),
    logFile: settings.values.logfile ?? `/var/log/tombolo/${device}.log`,
  };
}
