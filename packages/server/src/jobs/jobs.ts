import type { WallClock } from "@tombolo/base";
import type { Robot } from "@tombolo/broker";
import { messageOf, type Log, type Timers } from "@tombolo/pop";

export interface JobsOptions {
  readonly robot: Robot;
  readonly wall: WallClock;
  readonly timers: Timers;
  readonly log: Log;
}

export interface Jobs {
  /** Starts nothing new and settles when what runs has ended. */
  close(): Promise<void>;
}

/** Steps of five minutes are folded as they end. */
const rollUpMs = 5 * 60_000;
/** The day's work counts nothing twice, so that it runs often and misses no day on which nobody was up at midnight. */
const dailyMs = 60 * 60_000;
/** The first run comes soon after the start, but lets the doors open first. */
const firstMs = 10_000;

/** Runs the robot as time passes. A run that fails is logged, and the next one makes up for it. */
export function openJobs({ robot, wall, timers, log }: JobsOptions): Jobs {
  const works = [
    makeJob({ name: "roll-up", everyMs: rollUpMs, run: async () => ({ ...(await robot.rollUp(wall.nowSec())) }), timers, log }),
    makeJob({ name: "daily", everyMs: dailyMs, run: async () => ({ ...(await robot.runDaily(wall.nowSec())) }), timers, log }),
  ];
  return { close: async () => void (await Promise.all(works.map((work) => work.close()))) };
}

interface Job {
  readonly name: "roll-up" | "daily";
  readonly everyMs: number;
  /** What it did, as counts. */
  readonly run: () => Promise<Readonly<Record<string, number>>>;
  readonly timers: Timers;
  readonly log: Log;
}

/** One after the other: the next run is set when the last one has ended. */
function makeJob({ name, everyMs, run, timers, log }: Job): Jobs {
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  let cancel = timers.after(firstMs, start);

  function start(): void {
    running = attempt().then(() => {
      if (!closed) cancel = timers.after(everyMs, start);
    });
  }

  async function attempt(): Promise<void> {
    try {
      const counts = Object.entries(await run()).filter(([, count]) => count !== 0);
      if (counts.length === 0) return;
      const what = `${name}: ${counts.map(([of, count]) => `${of} ${count}`).join(", ")}`;
      log({ level: name === "daily" ? "info" : "debug", event: "server.job.done", what });
    } catch (error) {
      log({ level: "error", event: "server.job.failed", what: name, reason: messageOf(error) });
    }
  }

  return {
    close() {
      closed = true;
      cancel();
      return running;
    },
  };
}
