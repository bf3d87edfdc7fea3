import type { PlaneEndpoint } from "@tombolo/dataplane";
import { messageOf, type Log } from "../log.ts";
import type { Timers } from "../timers.ts";
import type { DesiredState, DesiredTunnel } from "./desired.ts";
import { writeStateFile } from "./file.ts";

export interface StateSaverOptions {
  readonly path: string;
  readonly timers: Timers;
  readonly log: Log;
  readonly held: () => DesiredState | undefined;
  /** The endpoint that the data plane has; newer than the broker's, and what a PoP that starts anew needs. */
  readonly endpointOf: (id: string) => PlaneEndpoint | undefined;
}

/** A change rests this long before it is written, so that a burst of changes is one write. */
const restMs = 1000;
const retryMs = 30_000;

/** Keeps the copy on disk close to the held state; one write at a time. */
export class StateSaver {
  readonly #options: StateSaverOptions;
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #dirty = false;
  #closed = false;
  /** What is on disk of endpoints that are newer than the broker's. */
  #known: ReadonlyMap<string, PlaneEndpoint> = new Map();

  constructor(options: StateSaverOptions) {
    this.#options = options;
  }

  /** The held state is not what is on disk any more. */
  touch(): void {
    this.#dirty = true;
    if (this.#closed || this.#cancelTimer !== undefined || this.#writing !== undefined) return;
    this.#later(restMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.#writing;
    if (this.#dirty) await this.#write();
  }

  #later(delayMs: number): void {
    this.#cancelTimer = this.#options.timers.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#writing = this.#writeAndRest();
    });
  }

  async #writeAndRest(): Promise<void> {
    const ok = await this.#write();
    this.#writing = undefined;
    if (this.#dirty && !this.#closed) this.#later(ok ? restMs : retryMs);
  }

  async #write(): Promise<boolean> {
    const { path, log } = this.#options;
    const held = this.#options.held();
    if (held === undefined) return true;
    this.#dirty = false;
    try {
      await writeStateFile(path, { revision: held.revision, pop: held.pop, tunnels: this.#withEndpoints(held.tunnels) });
      return true;
    } catch (error) {
      this.#dirty = true;
      log({ level: "error", event: "pop.state.not-saved", path, reason: messageOf(error) });
      return false;
    }
  }

  /**
   * A copy: the held map may change while the file is being written. Where the data plane has no endpoint (any more), the last known
   * one stays: it is the best guess after a start.
   */
  #withEndpoints(tunnels: ReadonlyMap<string, DesiredTunnel>): ReadonlyMap<string, DesiredTunnel> {
    const copy = new Map<string, DesiredTunnel>();
    const known = new Map<string, PlaneEndpoint>();
    for (const [id, tunnel] of tunnels) {
      const endpoint = this.#options.endpointOf(id) ?? this.#known.get(id);
      if (endpoint !== undefined) known.set(id, endpoint);
      copy.set(id, endpoint === undefined ? tunnel : { ...tunnel, lastEndpoint: endpoint });
    }
    this.#known = known;
    return copy;
  }
}
