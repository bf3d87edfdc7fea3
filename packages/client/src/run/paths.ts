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
  const { device, "run-dir": directory, logfile } = settings.values;
  return makePaths({ device, directory, logFile: logfile });
}

/** What is not given has its default. */
export function makePaths(given: { readonly [Name in "device" | "directory" | "logFile"]: string | undefined }): InstancePaths {
  const { device = "tombolo", directory = "/run/tombolo" } = given;
  return {
    device,
    directory,
    socket: join(directory, `${device}.sock`),
    pidFile: join(directory, `${device}.pid`),
    logFile: given.logFile ?? `/var/log/tombolo/${device}.log`,
  };
}
