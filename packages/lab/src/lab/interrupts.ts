interface Closable {
  close(): Promise<void>;
}

type OnInterrupt = (signal: NodeJS.Signals) => void;

const open = new Map<Closable, OnInterrupt | undefined>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** From now on an interruption closes this lab before the process dies of the signal, as it would have without us. */
export function guardLab(lab: Closable, onInterrupt: OnInterrupt | undefined): void {
  if (open.size === 0) for (const signal of signals) process.on(signal, interrupt);
  open.set(lab, onInterrupt);
}

export function unguardLab(lab: Closable): void {
  open.delete(lab);
  if (open.size === 0) letGo();
}

function interrupt(signal: NodeJS.Signals): void {
  // Whoever asks a second time means at once: the signal kills then, and the janitor cleans up.
  letGo();
  for (const onInterrupt of open.values()) onInterrupt?.(signal);
  void Promise.allSettled([...open.keys()].map((lab) => lab.close())).then(() => process.kill(process.pid, signal));
}

function letGo(): void {
  for (const signal of signals) process.off(signal, interrupt);
}
