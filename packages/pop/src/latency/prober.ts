import type { WallClock, WallSec } from "@tombolo/base";
import type { DataPlane, PlaneLatency } from "@tombolo/dataplane";
import type { Timers } from "../timers.ts";

export interface ProberOptions {
  readonly timers: Timers;
  readonly wall: WallClock;
  /** The tunnels that are up; asked once a round. */
  readonly live: () => Iterable<number>;
  readonly plane: () => DataPlane | undefined;
  /** The data plane itself asks this endpoint until it is proven, and had no answer yet. */
  readonly unanswered: (number: number) => boolean;
  readonly onRound: (number: number, latency: PlaneLatency, at: WallSec) => void;
}

const slices = 60;
const sliceMs = 1000;
/** An answer that takes longer than ten seconds is none (service sheet, section 8); one more for the data plane to have counted it. */
const patienceMs = 11_000;
const lost: PlaneLatency = { sent: 1, received: 0, minMs: 0, avgMs: 0, maxMs: 0 };

/** Asks every live tunnel for an echo once a minute: a sixtieth of them each second, so that 50,000 are 834 a second. */
export class LatencyProber {
  readonly #options: ProberOptions;
  readonly #cancels = new Set<() => void>();
  #round: readonly number[] = [];
  #slice = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  start(): void {
    this.#after(sliceMs, () => {
      this.#pingSlice();
      this.start();
    });
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #pingSlice(): void {
    if (this.#slice === 0) this.#round = [...this.#options.live()];
    const count = this.#round.length;
    const part = this.#round.slice(Math.floor((this.#slice * count) / slices), Math.floor(((this.#slice + 1) * count) / slices));
    this.#slice = (this.#slice + 1) % slices;
    const plane = this.#options.plane();
    if (part.length === 0 || plane === undefined) return;
    plane.pingMany(part);
    this.#after(patienceMs, () => this.#read(plane, part));
  }

  /** Not from a data plane that was opened since. */
  #read(asked: DataPlane, part: readonly number[]): void {
    if (this.#options.plane() !== asked) return;
    const at = this.#options.wall.nowSec();
    for (const number of part) {
      const latency = asked.latency(number);
      if (latency !== undefined && latency.sent > 0) this.#options.onRound(number, latency, at);
      else if (this.#options.unanswered(number)) this.#options.onRound(number, lost, at);
    }
  }

  #after(delayMs: number, action: () => void): void {
    const cancel = this.#options.timers.after(delayMs, () => {
      this.#cancels.delete(cancel);
      action();
    });
    this.#cancels.add(cancel);
  }
}
