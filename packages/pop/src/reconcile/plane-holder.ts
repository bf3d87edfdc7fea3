import { formatIpv4 } from "@tombolo/base";
import type { DataPlane, PlaneCounters, PlaneEndpoint, PlaneEvent, PlaneOptions } from "@tombolo/dataplane";
import { messageOf, type Log } from "../log.ts";
import { PlaneKeeper } from "./plane-keeper.ts";

export interface PlaneHolderOptions {
  readonly open: (options: PlaneOptions, onEvent: (event: PlaneEvent) => void) => DataPlane | Promise<DataPlane>;
  readonly onEvent: (event: PlaneEvent) => void;
  /** Told of every tunnel as its data plane closes. */
  readonly onLastLook: (number: number, counters: PlaneCounters) => void;
  readonly log: Log;
}

/** Owns the data plane: opens it when there is something to forward, and anew when it broke or its outer address changed. */
export class PlaneHolder {
  readonly #options: PlaneHolderOptions;
  #plane: DataPlane | undefined;
  #keeper: PlaneKeeper | undefined;
  #outer = "";
  #broken = false;
  #complaint = "";
  /** Where the tunnels of the plane before were: proven places, and undefined for what was given up. */
  #remembered: Map<number, PlaneEndpoint | undefined> = new Map();

  constructor(options: PlaneHolderOptions) {
    this.#options = options;
  }

  get plane(): DataPlane | undefined {
    return this.#plane;
  }

  /** The tunnels in the data plane; as new as the data plane itself. */
  get keeper(): PlaneKeeper | undefined {
    return this.#keeper;
  }

  /** Where a tunnel is, or was when there was a data plane last; undefined: not known, or given up. */
  endpointOf(number: number): PlaneEndpoint | undefined {
    const counters = this.#plane?.counters(number);
    return counters === undefined ? this.#remembered.get(number) : counters.endpoint;
  }

  /** The next `ensure` opens it anew. */
  markBroken(): void {
    this.#broken = true;
  }

  /** "opened": its table is empty and every tunnel must be set; "failed": said in the log, and the next call tries again. */
  async ensure(wanted: PlaneOptions): Promise<"open" | "opened" | "failed"> {
    const outer = formatIpv4(wanted.outerIpv4);
    if (this.#plane !== undefined && !this.#broken && outer === this.#outer) return "open";
    await this.close();
    const { open, onEvent, log } = this.#options;
    try {
      this.#plane = await open(wanted, onEvent);
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== this.#complaint)
        log({ level: "error", event: "pop.plane.not-opened", device: wanted.device, outerIpv4: outer, reason });
      this.#complaint = reason;
      return "failed";
    }
    this.#keeper = new PlaneKeeper(this.#plane, this.#remembered);
    this.#outer = outer;
    this.#broken = false;
    this.#complaint = "";
    log({ level: "info", event: "pop.plane.opened", device: wanted.device, outerIpv4: outer, workers: wanted.workers });
    return "opened";
  }

  async close(): Promise<void> {
    const plane = this.#plane;
    if (plane !== undefined && this.#keeper !== undefined) this.#remember(plane, this.#keeper);
    this.#plane = undefined;
    this.#keeper = undefined;
    await plane?.close();
  }

  /** Clients need not speak again for the next data plane to reach them. */
  #remember(plane: DataPlane, keeper: PlaneKeeper): void {
    const before = this.#remembered;
    this.#remembered = new Map();
    for (const number of keeper.applied()) {
      const counters = plane.counters(number);
      if (counters === undefined) continue;
      this.#options.onLastLook(number, counters);
      const { endpoint, endpointProven } = counters;
      if (endpoint === undefined || endpointProven) this.#remembered.set(number, endpoint);
      // Not proven since the last opening: what was proven before that still counts.
      else if (before.has(number)) this.#remembered.set(number, before.get(number));
    }
  }
}
