import type { Timers } from "../timers.ts";

/** Which tunnels may differ from what is desired. */
export type Touched = "all" | ReadonlySet<string>;

export interface ReconcileQueueOptions {
  readonly timers: Timers;
  /** A run over everything comes at least this often, whatever happened. */
  readonly everyMs: number;
  /** Must not reject. */
  readonly run: (touched: Touched) => Promise<void>;
}

/** Runs the reconciliation once at a time; what is touched during a run is gathered for the next one. */
export class ReconcileQueue {
  readonly #options: ReconcileQueueOptions;
  #waiting: "all" | Set<string> | undefined;
  #running: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  constructor(options: ReconcileQueueOptions) {
    this.#options = options;
  }

  /** A tunnel's id, or "all". */
  touch(what: string): void {
    if (this.#closed) return;
    if (what === "all" || this.#waiting === "all") this.#waiting = "all";
    else this.#waiting = (this.#waiting ?? new Set()).add(what);
    this.#running ??= this.#drain();
  }

  /** Settles when nothing is waiting or running. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting = undefined;
    await this.#running;
    this.#cancelTimer?.();
  }

  async #drain(): Promise<void> {
    // One turn of the event loop gathers what arrives together, such as the lines of one chunk.
    await Promise.resolve();
    while (this.#waiting !== undefined) {
      const touched = this.#waiting;
      this.#waiting = undefined;
      await this.#options.run(touched);
      if (touched === "all") this.#again();
    }
    this.#running = undefined;
  }

  #again(): void {
    this.#cancelTimer?.();
    if (!this.#closed) this.#cancelTimer = this.#options.timers.after(this.#options.everyMs, () => this.touch("all"));
  }
}
