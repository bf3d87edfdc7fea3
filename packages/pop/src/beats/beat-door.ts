import { formatIpv4, type Ipv4Address } from "@tombolo/base";
import { messageOf, type Log } from "../log.ts";
import type { BeatSocket, TakeBeat } from "./beat-socket.ts";

export interface BeatDoorOptions {
  readonly open: (bind: Ipv4Address, take: TakeBeat) => Promise<BeatSocket>;
  readonly take: TakeBeat;
  readonly log: Log;
}

/** Keeps the heartbeat port open on the PoP's address, and opens it anew when that changes. */
export class BeatDoor {
  readonly #options: BeatDoorOptions;
  #socket: BeatSocket | undefined;
  #bound = "";
  #complaint = "";

  constructor(options: BeatDoorOptions) {
    this.#options = options;
  }

  /** What the system refuses is said once, and the next call tries again. */
  async ensure(bind: Ipv4Address): Promise<void> {
    const { open, take, log } = this.#options;
    const address = formatIpv4(bind);
    if (this.#socket !== undefined && this.#bound === address) return;
    await this.close();
    try {
      this.#socket = await open(bind, take);
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== this.#complaint) log({ level: "error", event: "pop.beats.not-opened", outerIpv4: address, reason });
      this.#complaint = reason;
      return;
    }
    this.#bound = address;
    this.#complaint = "";
    log({ level: "info", event: "pop.beats.opened", outerIpv4: address });
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.close();
  }
}
