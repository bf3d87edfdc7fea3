import { slotAt, slotBytes } from "../native/layout.ts";
import {
  encodeEchoReplyInto,
  encodeIcmpv6Error,
  ipv6MinimumMtuBytes,
  mayAnswerWithError,
} from "@tombolo/protocols";
import { Buckets } from "./buckets.ts";
import { KernelCrafts, NetworkCrafts } from "./crafts.ts";
import type { EngineState } from "./state.ts";

export type Direction = "network" | "kernel";

/** What the PoP itself says inside a tunnel: echo replies and ICMPv6 errors, from the tunnel's ::1, at a bounded rate (RFC 4443 section 2.4 f). */
export class Answers {
  readonly toNetwork: NetworkCrafts;
  readonly toKernel: KernelCrafts;
  readonly #state: EngineState;
  readonly #slots: Uint8Array;
  readonly #perTunnel = new Buckets({ buckets: 4096, perSec: 10, burst: 10 });
  readonly #total = new Buckets({ buckets: 1, perSec: 100, burst: 100 });
  readonly #echoes = new Buckets({ buckets: 4096, perSec: 100, burst: 100 });

  constructor(state: EngineState) {
    this.#state = state;
    this.toNetwork = new NetworkCrafts(state.io);
    this.toKernel = new KernelCrafts(state.io);
    this.#slots = new Uint8Array(state.table.words.buffer);
  }

  /** Answers an echo request that stands at `at` of `data`; false when it is none, is malformed, or is one too many. */
  echo(towards: Direction, slot: number, data: Uint8Array, at: number, length: number): boolean {
    const crafts = towards === "network" ? this.toNetwork : this.toKernel;
    const room = crafts.room(length);
    if (room < 0 || !this.#echoes.take(slot, this.#state.nowMs)) return false;
    const made = encodeEchoReplyInto(crafts.data, room, data, at, length);
    if (made === 0) return false;
    this.#push(towards, room, made, slot);
    return true;
  }

  /** An ICMPv6 error about the packet at `at` of `data`, to its source; nothing when none is due. */
  error(
    towards: Direction,
    about: { slot: number; data: Uint8Array; at: number; length: number; type: number; code: number; parameter: number },
  ): void {
    const { slot, data, at, length } = about;
    if (!mayAnswerWithError(data, at, length)) return;
    if (!this.#perTunnel.take(slot, this.#state.nowMs) || !this.#total.take(0, this.#state.nowMs)) return;
    const crafts = towards === "network" ? this.toNetwork : this.toKernel;
    const room = crafts.room(ipv6MinimumMtuBytes);
    if (room < 0) return;
    const source = slot * slotBytes + slotAt.local;
    const made = encodeIcmpv6Error(crafts.data, room, {
      type: about.type,
      code: about.code,
      parameter: about.parameter,
      source: this.#slots.subarray(source, source + 16),
      offending: data,
      offendingAt: at,
      offendingLength: length,
    });
    if (made > 0) this.#push(towards, room, made, slot);
  }

  #push(towards: Direction, at: number, length: number, slot: number): void {
    if (towards === "network") this.toNetwork.push(at, length, slot);
    else this.toKernel.push(at, length);
  }
}
