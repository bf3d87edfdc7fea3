import type { FileHandle } from "node:fs/promises";
import { StartupError } from "../run/startup-error.ts";

/** Throws StartupError "config" when others than its owner may read, change or run the open file; `what` is "the master key /var/lib/…". */
export async function requireOwnerOnly(file: FileHandle, what: string, path: string): Promise<void> {
  const { mode } = await file.stat();
  if ((mode & 0o077) === 0) return;
  throw new StartupError("config", `${what} may be read by others (mode ${(mode & 0o777).toString(8)}): chmod 600 ${path}`);
}
