import { decodeLatin1, type MonotonicClock, type WallClock, type WallSec } from "@tombolo/base";
import type { DataPlane, PlaneCounters, PlaneLatency } from "@tombolo/dataplane";
import type { Digest } from "@tombolo/protocols";
import { BeatDesk, type ReceivedBeat } from "./beats/beat-desk.ts";
import { BeatLog } from "./beats/beat-log.ts";
import type { LatencyReport, PopAnswer, PopRequest, TraceLine } from "./control/messages.ts";
import { reportTotals, reportTunnel } from "./control/reports.ts";
import type { PopInspector } from "./control/server.ts";
import { formatEndpoint, TraceHub } from "./control/trace-hub.ts";
import { FaultBook } from "./faults/fault-book.ts";
import { LatencyProber } from "./latency/prober.ts";
import { Liveness } from "./life/liveness.ts";
import type { Log } from "./log.ts";
import type { PlaneKeeper } from "./reconcile/plane-keeper.ts";
import { tunnelIdOf } from "./reconcile/plane-tunnel.ts";
import type { DesiredState } from "./state/desired.ts";
import type { Timers } from "./timers.ts";

export interface WatchmanOptions {
  readonly held: () => DesiredState | undefined;
  readonly plane: () => DataPlane | undefined;
  readonly keeper: () => PlaneKeeper | undefined;
  readonly onRound: (number: number, latency: PlaneLatency, at: WallSec) => void;
  readonly md5: Digest;
  readonly timers: Timers;
  readonly wall: WallClock;
  readonly monotonic: MonotonicClock;
  readonly log: Log;
}

/** What the PoP knows of its tunnels beside their packets: beats, who is up, round trips, errors; and tells it to its operator. */
export class Watchman implements PopInspector {
  readonly desk: BeatDesk;
  readonly traces: TraceHub;
  readonly #options: WatchmanOptions;
  readonly #beatLog: BeatLog;
  readonly #liveness = new Liveness();
  readonly #faults = new FaultBook();
  readonly #prober: LatencyProber;
  readonly #rounds = new Map<number, LatencyReport>();
  readonly #refused = new Map<string, number>();
  #taken = 0;

  constructor(options: WatchmanOptions) {
    const { held, plane, keeper, md5, timers, wall, monotonic, log } = options;
    this.#options = options;
    this.#beatLog = new BeatLog(log, monotonic);
    this.desk = new BeatDesk({ md5, wall, monotonic, held, plane, onBeat: (beat) => this.#onBeat(beat) });
    this.traces = new TraceHub(timers, plane);
    this.#prober = new LatencyProber({
      timers,
      wall,
      plane,
      live: () => this.#liveness.up,
      unanswered: (number) => keeper()?.find(number)?.endpointFixed === true && plane()?.counters(number)?.endpointProven === false,
      onRound: (number, latency, at) => this.#onRound(number, latency, at),
    });
  }

  start(): void {
    this.#prober.start();
  }

  close(): void {
    this.#prober.stop();
    this.traces.close();
  }

  /** One tunnel's counters, as the sweep meets them; gives up the endpoint of one that has been silent. */
  look(number: number, counters: PlaneCounters, now: WallSec): void {
    const told = this.#options.keeper()?.find(number);
    if (told === undefined || this.#liveness.look(told, counters, now) !== "withdraw") return;
    this.#options.plane()?.withdraw(number);
    this.#options.log({ level: "info", event: "pop.tunnel.down", tunnel: tunnelIdOf(number), reason: "silent" });
  }

  /** The data plane was opened anew, with nothing heard yet. */
  planeOpened(): void {
    this.#liveness.restart();
  }

  forget(number: number): void {
    this.desk.forget(number);
    this.#liveness.forget(number);
    this.#faults.forget(number);
    this.#rounds.delete(number);
    this.traces.forget(number);
  }

  answer(request: PopRequest): PopAnswer {
    const { held, plane, keeper } = this.#options;
    const [state, open] = [held(), plane()];
    if (state === undefined || open === undefined) return { version: 1, error: "not-forwarding" };
    const pop = state.pop.name;
    if (request.command === "totals") {
      const beats = { taken: this.#taken, refused: this.#refused };
      return { version: 1, totals: reportTotals(pop, open, this.#liveness.up.size, beats) };
    }
    const number = request.tunnel;
    const desired = state.tunnels.get(tunnelIdOf(number));
    const told = keeper()?.find(number);
    const counters = open.counters(number);
    if (desired === undefined || told === undefined || counters === undefined) return { version: 1, error: "tunnel-unknown" };
    if (request.command === "trace") return { version: 1, tracing: request.seconds };
    // Not as it was at the last sweep.
    this.look(number, counters, this.#options.wall.nowSec());
    const drops = [...open.drops(number), ...this.#faults.of(number)];
    const [life, latency] = [this.#liveness.find(number), this.#rounds.get(number)];
    return { version: 1, show: reportTunnel({ pop, desired, told, counters, life, latency, drops }) };
  }

  trace(tunnel: number, seconds: number, take: (line: TraceLine) => void): () => void {
    return this.traces.watch(tunnel, seconds, take);
  }

  #onBeat(beat: ReceivedBeat): void {
    const { number, source, port, bytes, refusal } = beat;
    const at = this.#options.wall.nowSec();
    this.#beatLog.note(beat);
    if (refusal === undefined) this.#taken += 1;
    else this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
    if (number === undefined) return;
    const from = { ipv4: source, port };
    if (refusal === undefined) this.#liveness.beat(number, at);
    else this.#faults.note(number, { reason: `beat-${refusal}`, at, source: from, bytes });
    this.traces.decided(number, {
      at,
      direction: "in",
      decision: refusal === undefined ? "taken" : "dropped",
      reason: refusal === undefined ? null : `beat-${refusal}`,
      source: formatEndpoint(from),
      length: bytes.length,
      summary: summaryOf(bytes),
    });
  }

  #onRound(number: number, latency: PlaneLatency, at: WallSec): void {
    this.#rounds.set(number, { at, ...latency });
    this.#options.onRound(number, latency, at);
  }
}

/** The beat without its digest, which is half of what an eavesdropper needs to guess the password. */
function summaryOf(bytes: Uint8Array): string {
  const text = decodeLatin1(bytes.subarray(0, 120)).replace(/[^\x20-\x7e]/g, ".");
  return text.split(" ").slice(0, 5).join(" ");
}
