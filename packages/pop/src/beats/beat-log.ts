import { formatIpv4, type MonotonicClock } from "@tombolo/base";
import type { Log } from "../log.ts";
import { tunnelIdOf } from "../reconcile/plane-tunnel.ts";
import type { ReceivedBeat } from "./beat-desk.ts";

const sampleMs = 10_000;

/** One line for each reason in ten seconds, with how many there were: a flood must not become a flood of lines. */
export class BeatLog {
  readonly #log: Log;
  readonly #clock: MonotonicClock;
  readonly #samples = new Map<string, { atMs: number; count: number }>();

  constructor(log: Log, clock: MonotonicClock) {
    this.#log = log;
    this.#clock = clock;
  }

  note({ refusal, source, number }: ReceivedBeat): void {
    if (refusal === undefined) return;
    const nowMs = this.#clock.nowMs();
    const sample = this.#samples.get(refusal) ?? { atMs: Number.NEGATIVE_INFINITY, count: 0 };
    this.#samples.set(refusal, sample);
    sample.count += 1;
    if (nowMs - sample.atMs < sampleMs) return;
    const tunnel = number === undefined ? undefined : tunnelIdOf(number);
    this.#log({ level: "info", event: "pop.beat.refused", reason: refusal, peer: formatIpv4(source), tunnel, count: sample.count });
    sample.atMs = nowMs;
    sample.count = 0;
  }
}
