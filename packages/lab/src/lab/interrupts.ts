import { constants } from "node:os";

interface Closable {
  close(): Promise<void>;
}

const open = new Set<Closable>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
let interrupted = false;

/** From now on an interruption closes this lab before the process ends with the status that shells expect (128 + signal). */
export function guardLab(lab: Closable): void {
  if (open.size === 0) for (const signal of signals) process.on(signal, interrupt);
  open.add(lab);
}

export function unguardLab(lab: Closable): void {
  open.delete(lab);
  if (open.size === 0 && !interrupted) for (const signal of signals) process.off(signal, interrupt);
}

function interrupt(signal: NodeJS.Signals): void {
  // Asked twice: go at once. The janitor still cleans up.
  if (interrupted) process.exit(128 + constants.signals[signal]);
  interrupted = true;
  void Promise.allSettled([...open].map((lab) => lab.close())).then(() => process.exit(128 + constants.signals[signal]));
}
