import { setTimeout as pass } from "node:timers/promises";

/** How long anything here may take on a busy machine; reached only when it failed. */
const mostWaitMs = 10_000;
const lookEveryMs = 2;

/** Looks until `find` answers something; rejects, naming `what`, when it does not in time. */
export async function waitFor<T>(what: string, find: () => T | undefined): Promise<T> {
  for (let waitedMs = 0; waitedMs < mostWaitMs; waitedMs += lookEveryMs) {
    const found = find();
    if (found !== undefined) return found;
    await pass(lookEveryMs);
  }
  throw new Error(`waited in vain: ${what}`);
}
