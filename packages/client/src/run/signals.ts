const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `toggle` at each SIGUSR1, as aiccu's users know it; answers how to stop that. */
export function catchToggleSignal(toggle: () => void): () => void {
  process.on("SIGUSR1", toggle);
  return () => process.off("SIGUSR1", toggle);
}

/**
 * Calls `stop` at the first signal that asks the process to end. A second one ends it the hard way, for a tear-down that hangs; the
 * kernel then removes the device. Answers how to leave the signals to their usual effect again.
 */
export function catchStopSignals(stop: () => void): () => void {
  let asked = false;
  const handler = (signal: NodeJS.Signals): void => {
    if (asked) {
      release();
      process.kill(process.pid, signal);
      return;
    }
    asked = true;
    stop();
  };
  const release = (): void => {
    for (const signal of stopSignals) process.off(signal, handler);
  };
  for (const signal of stopSignals) process.on(signal, handler);
  return release;
}
