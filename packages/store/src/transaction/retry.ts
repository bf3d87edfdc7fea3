import { setTimeout as sleep } from "node:timers/promises";
import { BrokerError } from "@tombolo/broker";
import type { FailureKind } from "../engines/engine.ts";

/** Forty tries with waits that double up to 64 ms and up to as much again: about four seconds, then the caller hears of it. */
const attempts = 40;
const firstWaitMs = 1;
const longestWaitMs = 64;

export interface Attempt<T> {
  readonly run: () => Promise<T>;
  readonly classify: (error: unknown) => FailureKind;
  /** How to let time pass; tests have their own. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** Runs `run` again from its start while others are in its way. What is no matter of the store passes through. */
export async function retryConflicts<T>({ run, classify, pause = sleep }: Attempt<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      const kind = classify(error);
      if (kind === "other") throw error;
      if (kind === "unreachable") throw busy("the database does not answer; look what is there before you try again", error);
      if (attempt === attempts) throw busy("the database is busy; try again", error);
    }
    const waitMs = Math.min(firstWaitMs * 2 ** (attempt - 1), longestWaitMs);
    // Spread by process, so that two who met do not meet again.
    await pause(waitMs + (process.pid % (waitMs + 1)));
  }
}

/** The driver's own words stay in the cause: they may name hosts and users. */
function busy(message: string, cause: unknown): BrokerError {
  const error = new BrokerError("store-busy", message);
  error.cause = cause;
  return error;
}
