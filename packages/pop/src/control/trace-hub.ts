import { formatIpv4 } from "@tombolo/base";
import type { DataPlane, PlaneEndpoint, PlaneTrace } from "@tombolo/dataplane";
import type { Timers } from "../timers.ts";
import type { DecisionReport, TraceLine } from "./messages.ts";

interface Watcher {
  readonly take: (line: TraceLine) => void;
  readonly cancel: () => void;
}

/** Hands the decisions about a tunnel to those who watch it, each for as long as it asked. */
export class TraceHub {
  readonly #timers: Timers;
  readonly #plane: () => DataPlane | undefined;
  readonly #watchers = new Map<number, Set<Watcher>>();

  constructor(timers: Timers, plane: () => DataPlane | undefined) {
    this.#timers = timers;
    this.#plane = plane;
  }

  /** The answer takes it back. */
  watch(tunnel: number, seconds: number, take: (line: TraceLine) => void): () => void {
    const watchers = this.#watchers.get(tunnel) ?? new Set<Watcher>();
    this.#watchers.set(tunnel, watchers);
    const leave = (): void => {
      watcher.cancel();
      if (!watchers.delete(watcher) || watchers.size > 0) return;
      this.#watchers.delete(tunnel);
      this.#plane()?.trace(tunnel, 0);
    };
    const cancel = this.#timers.after(seconds * 1000, () => {
      leave();
      take({ end: "time" });
    });
    const watcher: Watcher = { take, cancel };
    watchers.add(watcher);
    this.#plane()?.trace(tunnel, seconds);
    return leave;
  }

  decided(number: number, decision: DecisionReport): void {
    for (const watcher of this.#watchers.get(number) ?? []) watcher.take({ decision });
  }

  /** The tunnel is gone: nothing more will be decided about it. */
  forget(number: number): void {
    const watchers = this.#watchers.get(number);
    this.#watchers.delete(number);
    for (const watcher of watchers ?? []) {
      watcher.cancel();
      watcher.take({ end: "tunnel-gone" });
    }
  }

  close(): void {
    for (const number of this.#watchers.keys()) this.forget(number);
  }
}

export function reportTrace({ at, direction, decision, reason, source, length, summary }: PlaneTrace): DecisionReport {
  return {
    at,
    direction,
    decision,
    reason: reason ?? null,
    source: source === undefined ? null : formatEndpoint(source),
    length,
    summary,
  };
}

/** `192.0.2.1:5072`, or `192.0.2.1` where there are no ports. */
export function formatEndpoint({ ipv4, port }: PlaneEndpoint): string {
  return port === 0 ? formatIpv4(ipv4) : `${formatIpv4(ipv4)}:${port}`;
}
