import { setTimeout as pause } from "node:timers/promises";

export interface UntilOptions {
  /** The longest wait. */
  readonly withinMs: number;
  readonly everyMs?: number;
  /** Asked when the wait has run out: what to add to the message. */
  readonly explain?: () => string | Promise<string>;
}

/**
 * Asks `probe` again and again until it gives something other than undefined or false, and returns that.
 * Throws with `what` in the message when the time is over, so that a failure names what never happened.
 */
export async function until<T>(
  what: string,
  options: UntilOptions,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const late = AbortSignal.timeout(options.withinMs);
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (late.aborted || options.withinMs <= 0) {
      const more = await options.explain?.();
      throw new Error(`waited ${options.withinMs} ms in vain: ${what}${more === undefined || more === "" ? "" : `\n${more}`}`);
    }
    await pause(options.everyMs ?? 50);
  }
}

/** `promise`, or undefined when it takes longer than `withinMs`. */
export async function within<T>(withinMs: number, promise: Promise<T>): Promise<T | undefined> {
  const stop = new AbortController();
  const late = pause(withinMs, undefined, { signal: stop.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}
