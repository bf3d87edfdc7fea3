import { setImmediate as yieldToEvents } from "node:timers/promises";
import type { DataPlane, PlaneEndpoint, PlaneTunnel } from "@tombolo/dataplane";
import type { DesiredState, DesiredTunnel } from "../state/desired.ts";
import { makePlaneTunnel, samePlaneTunnel, tunnelIdOf, tunnelNumberOf } from "./plane-tunnel.ts";

export interface PlaneRepairs {
  readonly set: number;
  /** Numbers of the tunnels that went. */
  readonly removed: readonly number[];
  /** Tunnels that found no room in the table. */
  readonly full: number;
}

interface Tally {
  set: number;
  removed: number[];
  full: number;
}

/** How many tunnels are compared before other work gets a turn. */
const stride = 4096;

/** Holds the data plane's tunnels to the desired ones: sets what differs or is missing, removes what is too many, touches nothing else. */
export class PlaneKeeper {
  readonly #plane: DataPlane;
  readonly #remembered: Map<number, PlaneEndpoint | undefined>;
  readonly #applied = new Map<number, PlaneTunnel>();

  /** `remembered`: where tunnels were in the data plane before this one, newer than the desired state's; forgotten as tunnels go. */
  constructor(plane: DataPlane, remembered: Map<number, PlaneEndpoint | undefined> = new Map()) {
    this.#plane = plane;
    this.#remembered = remembered;
  }

  /** The numbers of the tunnels in the data plane. */
  applied(): IterableIterator<number> {
    return this.#applied.keys();
  }

  /** As it was told to the data plane. */
  find(number: number): PlaneTunnel | undefined {
    return this.#applied.get(number);
  }

  /** The tunnels named only. */
  repairSome(state: DesiredState, ids: Iterable<string>): PlaneRepairs {
    const repairs: Tally = { set: 0, removed: [], full: 0 };
    for (const id of ids) this.#repairOne(state, id, repairs);
    return repairs;
  }

  /** Every tunnel there should be and every one there is; lets other work run in between. */
  async repairAll(state: DesiredState): Promise<PlaneRepairs> {
    const repairs: Tally = { set: 0, removed: [], full: 0 };
    let seen = 0;
    const step = async (id: string): Promise<void> => {
      this.#repairOne(state, id, repairs);
      seen += 1;
      if (seen % stride === 0) await yieldToEvents();
    };
    // What goes makes room for what comes.
    for (const number of this.#applied.keys()) if (!state.tunnels.has(tunnelIdOf(number))) await step(tunnelIdOf(number));
    for (const id of state.tunnels.keys()) await step(id);
    return repairs;
  }

  #repairOne(state: DesiredState, id: string, repairs: Tally): void {
    const number = tunnelNumberOf(id);
    const desired = state.tunnels.get(id);
    const applied = this.#applied.get(number);
    if (desired === undefined) {
      this.#remembered.delete(number);
      if (applied === undefined) return;
      this.#plane.remove(number);
      this.#applied.delete(number);
      repairs.removed.push(number);
      return;
    }
    const counters = applied && this.#plane.counters(number);
    // Once the data plane has the tunnel, what it knows counts: an endpoint that was given up must not come back from memory.
    const wanted = makePlaneTunnel(desired, counters === undefined ? this.#lastEndpoint(number, desired) : counters.endpoint);
    if (applied !== undefined && counters !== undefined && samePlaneTunnel(applied, wanted)) return;
    if (this.#plane.set(wanted) === "full") {
      this.#applied.delete(number);
      repairs.full += 1;
      return;
    }
    this.#applied.set(number, wanted);
    repairs.set += 1;
  }

  #lastEndpoint(number: number, desired: DesiredTunnel): PlaneEndpoint | undefined {
    return this.#remembered.has(number) ? this.#remembered.get(number) : desired.lastEndpoint;
  }
}
