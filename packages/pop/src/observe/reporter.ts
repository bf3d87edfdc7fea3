import type { Random } from "@tombolo/base";
import { messageOf, type Log } from "../log.ts";
import { backoffMs } from "../stream/backoff.ts";
import type { BrokerDoor } from "../stream/client.ts";
import type { Timers } from "../timers.ts";
import type { ObservationCollector } from "./collector.ts";
import { encodeObservations, observationBatchMax, type PopObservation } from "./observation.ts";

export interface ReporterOptions {
  readonly door: BrokerDoor;
  readonly collector: ObservationCollector;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/** Moves within this time of each other travel together. */
export const gatherMs = 200;
const postTimeoutMs = 10_000;

/** Posts what the collector holds, one batch at a time, until the broker has taken it. */
export class ObservationReporter {
  readonly #options: ReporterOptions;
  #cancelTimer: (() => void) | undefined;
  #posting: Promise<void> | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Something is waiting: post it soon. */
  wake(): void {
    if (this.#closed || this.#cancelTimer !== undefined || this.#posting !== undefined) return;
    this.#later(this.#failures === 0 ? gatherMs : backoffMs(this.#failures, this.#options.random));
  }

  /** Tries once more to hand over what is waiting, then stops. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#posting;
    while (this.#options.collector.size > 0 && (await this.#postBatch()));
  }

  #later(delayMs: number): void {
    this.#cancelTimer = this.#options.timers.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#posting = this.#post();
    });
  }

  async #post(): Promise<void> {
    const ok = await this.#postBatch();
    this.#failures = ok ? 0 : this.#failures + 1;
    this.#posting = undefined;
    if (this.#options.collector.size > 0) this.wake();
  }

  /** True when the batch needs no second try. */
  async #postBatch(): Promise<boolean> {
    const { collector, log } = this.#options;
    const batch = collector.batch(observationBatchMax);
    if (batch.length === 0) return true;
    const answer = await this.#send(batch);
    if (answer === "taken") {
      collector.taken(batch);
      return true;
    }
    if (answer === "refused") {
      // The broker will never take this batch; keeping it would hold up all that follow.
      log({ level: "error", event: "pop.observations.refused", count: batch.length });
      collector.taken(batch);
      return true;
    }
    // The stream says why the broker cannot be reached; one line for each series of failures is enough here.
    if (this.#failures === 0) log({ level: "warn", event: "pop.observations.waiting", count: collector.size, reason: answer.reason });
    return false;
  }

  async #send(batch: readonly PopObservation[]): Promise<"taken" | "refused" | { readonly reason: string }> {
    const { door, timers } = this.#options;
    const controller = new AbortController();
    const cancel = timers.after(postTimeoutMs, () => controller.abort());
    try {
      const response = await door.fetch(`${door.url}/pop/v1/observations`, {
        method: "POST",
        headers: { authorization: `Bearer ${door.token}`, "content-type": "application/json" },
        body: encodeObservations(batch),
        signal: controller.signal,
      });
      await response.body?.cancel();
      if (response.ok) return "taken";
      return response.status === 400 || response.status === 413 ? "refused" : { reason: `http-${response.status}` };
    } catch (error) {
      return { reason: controller.signal.aborted ? "timed-out" : messageOf(error) };
    } finally {
      cancel();
    }
  }
}
