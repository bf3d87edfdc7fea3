/** Timers as they are handed in; tests turn the hands themselves. */
export interface Timers {
  /** Runs `action` once after `delayMs`; the answer takes it back. */
  after(delayMs: number, action: () => void): () => void;
}

/** Settles after `delayMs`, or at once when `signal` aborts. */
export function sleep(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const cancel = timers.after(delayMs, done);
  signal.addEventListener("abort", done, { once: true });
  function done(): void {
    cancel();
    signal.removeEventListener("abort", done);
    resolve();
  }
  return promise;
}
