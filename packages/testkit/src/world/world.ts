import { makeSeededNumbers, monotonicMs, wallSec, type MonotonicClock, type WallClock } from "@tombolo/base";

/** A world of its own time: it stands still until the next thing that is due. */
export interface World extends MonotonicClock, WallClock {
  readonly seed: number;
  /** Whole numbers in [0, bound), the same for the same seed. */
  number(bound: number): number;
  after(delayMs: number, action: () => void): void;
  /** Does what is due up to `untilMs`, in order, and leaves the clock there. */
  run(untilMs: number): void;
  /** Lets the wall clock jump; the monotonic one goes on as it does. */
  jumpWall(seconds: number): void;
}

/** More than this is a loop without end, and our own bug. */
const maxEvents = 200_000;

export function makeWorld(options: { readonly seed: number; readonly startSec?: number }): World {
  const number = makeSeededNumbers(options.seed);
  let events: { readonly atMs: number; readonly action: () => void }[] = [];
  let now = 0;
  let wallStart = options.startSec ?? 1_136_073_600;
  const takeDue = (untilMs: number): (() => void) | undefined => {
    let first: (typeof events)[number] | undefined;
    // The earliest, and of equals the one that was planned first.
    for (const event of events) if (event.atMs <= untilMs && (first === undefined || event.atMs < first.atMs)) first = event;
    if (first === undefined) return undefined;
    events = events.filter((event) => event !== first);
    now = Math.max(now, first.atMs);
    return first.action;
  };
  return {
    seed: options.seed,
    number,
    nowMs: () => monotonicMs(now),
    nowSec: () => wallSec(wallStart + Math.floor(now / 1000)),
    after: (delayMs, action) => events.push({ atMs: now + delayMs, action }),
    run: (untilMs) => {
      let done = 0;
      for (let action = takeDue(untilMs); action !== undefined; action = takeDue(untilMs)) {
        if (++done > maxEvents) throw new Error(`the world of seed ${options.seed} does not come to rest`);
        action();
      }
      now = Math.max(now, untilMs);
    },
    jumpWall: (seconds) => {
      wallStart += seconds;
    },
  };
}
