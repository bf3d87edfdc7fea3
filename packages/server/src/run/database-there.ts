import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { LoadedSettings } from "../config/load.ts";
import { StartupError } from "./startup-error.ts";

/** Whether there is such a file; what a server holds is not asked for. */
export function isDatabaseThere(database: string): boolean {
  return /^postgres(ql)?:\/\//.test(database) || existsSync(pathOf(database));
}

/**
 * For `admin`: throws StartupError "unreachable" when the database is the default one, below the working directory, and is not there. A call from a
 * wrong directory would else work on a new and empty one. One that was named, in the settings or by `option`, may be made.
 */
export function requireDatabase({ settings, effective }: LoadedSettings, option: string | undefined): void {
  const isNamed = option !== undefined || effective.some(({ field, from }) => field === "broker.database" && from !== "default");
  const { database } = settings.broker;
  if (isNamed || isDatabaseThere(database)) return;
  throw new StartupError(
    "unreachable",
    `no database at ${resolve(pathOf(database))}: start the broker first (tombolod serve or broker), or name its settings with --config`,
  );
}

function pathOf(database: string): string {
  return database.replace(/^sqlite:/, "");
}
