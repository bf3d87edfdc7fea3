import type { CancelSignal, PopName } from "@tombolo/broker";

/** Reads the present revisions of these PoPs; one that does not exist is left out. */
export type ReadRevisions = (pops: readonly PopName[]) => Promise<ReadonlyMap<PopName, number>>;

interface Waiter {
  readonly since: number | undefined;
  readonly settle: () => void;
}

export interface Waiters {
  wait(pop: PopName, since: number | undefined, signal: CancelSignal): Promise<void>;
  /** All that wait for `pop`. */
  readonly wake: (pop: PopName) => void;
  /** Asks the database now instead of at the next poll. */
  readonly check: () => void;
  /** Settles everybody and refuses to hold more. */
  close(): void;
}

/** Another process may write the same database without telling: one query a second for all who wait. */
const pollMs = 1_000;

export function makeWaiters(readRevisions: ReadRevisions): Waiters {
  const waiting = new Map<PopName, Set<Waiter>>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const wake = (pop: PopName): void => {
    for (const waiter of waiting.get(pop) ?? []) waiter.settle();
  };

  const poll = async (pops: readonly PopName[]): Promise<void> => {
    if (pops.length === 0) return;
    try {
      const revisions = await readRevisions(pops);
      for (const pop of pops) {
        for (const waiter of waiting.get(pop) ?? []) {
          if (waiter.since === undefined || waiter.since !== revisions.get(pop)) waiter.settle();
        }
      }
    } catch {
      // Whoever waits will ask the database next and meet the trouble where it can be told.
      for (const pop of pops) wake(pop);
    }
  };

  const schedule = (): void => {
    if (timer !== undefined || waiting.size === 0 || closed) return;
    timer = setTimeout(() => {
      timer = undefined;
      void poll([...waiting.keys()]).then(schedule);
    }, pollMs);
  };

  return {
    wake,
    check: () => void poll([...waiting.keys()]),
    wait(pop, since, signal) {
      if (signal.aborted || closed) return Promise.resolve();
      return new Promise((resolve) => {
        const waiter: Waiter = {
          since,
          settle() {
            signal.removeEventListener("abort", waiter.settle);
            const others = waiting.get(pop);
            others?.delete(waiter);
            if (others?.size === 0) waiting.delete(pop);
            if (waiting.size === 0) {
              clearTimeout(timer);
              timer = undefined;
            }
            resolve();
          },
        };
        signal.addEventListener("abort", waiter.settle);
        const others = waiting.get(pop);
        if (others === undefined) waiting.set(pop, new Set([waiter]));
        else others.add(waiter);
        schedule();
        // The change may have come between the caller's read and this line.
        if (since !== undefined) void poll([pop]);
      });
    },
    close() {
      closed = true;
      clearTimeout(timer);
      timer = undefined;
      for (const pop of waiting.keys()) wake(pop);
    },
  };
}
