import { setImmediate as turn } from "node:timers/promises";
import { wallSec, type WallSec } from "@tombolo/base";
import type { LogEvent } from "../src/log.ts";
import type { Timers } from "../src/timers.ts";

/** Timers and clock whose hands the test turns. */
export class HandTimers implements Timers {
  #nowMs = 0;
  #next = 0;
  readonly #waiting = new Map<number, { readonly atMs: number; readonly action: () => void }>();

  after(delayMs: number, action: () => void): () => void {
    const id = this.#next++;
    this.#waiting.set(id, { atMs: this.#nowMs + delayMs, action });
    return () => void this.#waiting.delete(id);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  nowSec(): WallSec {
    return wallSec(1_700_000_000 + Math.floor(this.#nowMs / 1000));
  }

  /** Runs what falls due within `ms`, in order, and lets promises settle in between. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const [first] = [...this.#waiting].filter(([, timer]) => timer.atMs <= untilMs).toSorted(([, a], [, b]) => a.atMs - b.atMs);
      if (first === undefined) break;
      const [id, { atMs, action }] = first;
      this.#waiting.delete(id);
      this.#nowMs = Math.max(this.#nowMs, atMs);
      action();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Some turns of the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; i += 1) await turn();
}

/** Waits for a condition, with a bound that only a hang reaches. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 20_000; i += 1) {
    if (await condition()) return;
    await turn();
  }
  throw new Error(`never came: ${what}`);
}

export interface TestLog {
  readonly log: (event: LogEvent) => void;
  readonly events: LogEvent[];
  readonly names: () => readonly string[];
}

export function makeTestLog(): TestLog {
  const events: LogEvent[] = [];
  return { log: (event) => void events.push(event), events, names: () => events.map((event) => event.event) };
}
