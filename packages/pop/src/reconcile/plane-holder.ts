import { formatIpv4 } from "@tombolo/base";
import type { DataPlane, PlaneEvent, PlaneOptions } from "@tombolo/dataplane";
import { messageOf, type Log } from "../log.ts";
import { PlaneKeeper } from "./plane-keeper.ts";

export interface PlaneHolderOptions {
  readonly open: (options: PlaneOptions, onEvent: (event: PlaneEvent) => void) => DataPlane | Promise<DataPlane>;
  readonly onEvent: (event: PlaneEvent) => void;
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
    this.#keeper = new PlaneKeeper(this.#plane);
    this.#outer = outer;
    this.#broken = false;
    this.#complaint = "";
    log({ level: "info", event: "pop.plane.opened", device: wanted.device, outerIpv4: outer, workers: wanted.workers });
    return "opened";
  }

  async close(): Promise<void> {
    const plane = this.#plane;
    this.#plane = undefined;
    this.#keeper = undefined;
    await plane?.close();
  }
}
