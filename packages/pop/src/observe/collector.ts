import { setImmediate as yieldToEvents } from "node:timers/promises";
import type { WallSec } from "@tombolo/base";
import type { DataPlane, PlaneCounters, PlaneEndpoint, PlaneLatency } from "@tombolo/dataplane";
import { tunnelIdOf } from "../reconcile/plane-tunnel.ts";
import type { PopObservation } from "./observation.ts";

const stride = 4096;
/** Latency rounds kept while the broker is away: four minutes of 50,000 live tunnels. Beyond, the oldest go. */
export const roundsMax = 200_000;

/**
 * Observations that the broker has not taken yet: the newest of each kind and tunnel, so that its size is bounded by the number of
 * tunnels however long the broker is away; and latency rounds, of which each counts, up to `roundsMax`.
 */
export class ObservationCollector {
  readonly #waiting = new Map<string, PopObservation>();
  readonly #rounds = new Set<PopObservation>();
  readonly #reported = new Map<number, PlaneCounters>();
  /** What the data planes before this one counted. */
  readonly #bases = new Map<number, PlaneCounters>();
  #generation = 0;

  get size(): number {
    return this.#waiting.size + this.#rounds.size;
  }

  moved(number: number, endpoint: PlaneEndpoint, at: WallSec): void {
    this.#put({ kind: "endpoint", tunnel: tunnelIdOf(number), ipv4: endpoint.ipv4, port: endpoint.port, at });
  }

  round(number: number, latency: PlaneLatency, at: WallSec): void {
    const { sent, received, minMs, avgMs, maxMs } = latency;
    this.#rounds.add({ kind: "latency", tunnel: tunnelIdOf(number), at, sent, received, minMs, avgMs, maxMs });
    if (this.#rounds.size <= roundsMax) return;
    for (const oldest of this.#rounds) {
      this.#rounds.delete(oldest);
      break;
    }
  }

  /** Looks at the counters of `numbers` and notes those that changed since the last look; `onLook` sees them all. */
  async sweep(
    plane: DataPlane,
    numbers: Iterable<number>,
    at: WallSec,
    onLook?: (number: number, counters: PlaneCounters) => void,
  ): Promise<void> {
    const generation = this.#generation;
    let looked = 0;
    for (const number of numbers) {
      const counters = plane.counters(number);
      if (counters !== undefined) {
        this.look(number, counters, at);
        onLook?.(number, counters);
      }
      looked += 1;
      if (looked % stride !== 0) continue;
      await yieldToEvents();
      // The rest of a data plane that is closed was looked at as it closed.
      if (generation !== this.#generation) return;
    }
  }

  /** A data plane was opened anew: it counts from zero, and the broker wants sums that only grow. */
  planeOpened(): void {
    this.#generation += 1;
    for (const [number, reported] of this.#reported) this.#bases.set(number, reported);
  }

  /** A tunnel that is gone has nothing more to report. */
  forget(number: number): void {
    this.#reported.delete(number);
    this.#bases.delete(number);
    for (const kind of ["endpoint", "seen", "counters"]) this.#waiting.delete(`${kind} ${tunnelIdOf(number)}`);
  }

  /** At most `most`, endpoint moves first: people wait for those. */
  batch(most: number): readonly PopObservation[] {
    const moves: PopObservation[] = [];
    const rest: PopObservation[] = [];
    for (const item of this.#waiting.values()) {
      if (item.kind === "endpoint") moves.push(item);
      else if (rest.length < most) rest.push(item);
      if (moves.length >= most) break;
    }
    for (const round of this.#rounds) {
      if (moves.length + rest.length >= most) break;
      rest.push(round);
    }
    return [...moves, ...rest].slice(0, most);
  }

  /** The broker took these; what has been replaced by a newer one meanwhile stays. */
  taken(batch: readonly PopObservation[]): void {
    for (const item of batch) {
      if (item.kind === "latency") this.#rounds.delete(item);
      else if (this.#waiting.get(keyOf(item)) === item) this.#waiting.delete(keyOf(item));
    }
  }

  /** One tunnel's counters as the present data plane has them. */
  look(number: number, seen: PlaneCounters, at: WallSec): void {
    const counters = sumOf(seen, this.#bases.get(number));
    const last = this.#reported.get(number);
    const tunnel = tunnelIdOf(number);
    if (counters.lastSeenAt !== undefined && counters.lastSeenAt !== last?.lastSeenAt)
      this.#put({ kind: "seen", tunnel, at: counters.lastSeenAt });
    if (!sameCounts(counters, last)) {
      const { inPackets, inBytes, outPackets, outBytes, drops } = counters;
      this.#put({ kind: "counters", tunnel, at, inPackets, inBytes, outPackets, outBytes, drops });
    }
    this.#reported.set(number, counters);
  }

  #put(item: PopObservation): void {
    this.#waiting.set(keyOf(item), item);
  }
}

function keyOf(item: PopObservation): string {
  return `${item.kind} ${item.tunnel}`;
}

function sumOf(counters: PlaneCounters, base: PlaneCounters | undefined): PlaneCounters {
  if (base === undefined) return counters;
  return {
    ...counters,
    inPackets: counters.inPackets + base.inPackets,
    inBytes: counters.inBytes + base.inBytes,
    outPackets: counters.outPackets + base.outPackets,
    outBytes: counters.outBytes + base.outBytes,
    drops: counters.drops + base.drops,
  };
}

function sameCounts(a: PlaneCounters, b: PlaneCounters | undefined): boolean {
  const none = { inPackets: 0, inBytes: 0, outPackets: 0, outBytes: 0, drops: 0 };
  const c = b ?? none;
  return (
    a.inPackets === c.inPackets &&
    a.inBytes === c.inBytes &&
    a.outPackets === c.outPackets &&
    a.outBytes === c.outBytes &&
    a.drops === c.drops
  );
}
