import {
  encodeEchoReplyInto,
  encodeIcmpv6Error,
  ipv6At,
  ipv6HeaderBytes,
  ipv6MinimumMtuBytes,
  mayAnswerWithError,
} from "@tombolo/protocols";
import { slotAt, slotBytes } from "../native/layout.ts";
import { Buckets } from "./buckets.ts";
import { KernelCrafts, NetworkCrafts } from "./crafts.ts";
import { advertisementBytes, encodeAdvertisementInto } from "./neighbour.ts";
import { mostOverheadBytes, reasonOf, taken, type EngineState } from "./state.ts";

export type Direction = "network" | "kernel";

/** Of a packet of which only the beginning is known: as if it ended there, since nothing else can be said of it. */
function mayAnswerCut(data: Uint8Array, at: number, length: number): boolean {
  const lengthAt = at + ipv6At.payloadLength;
  const [high, low] = [data[lengthAt] ?? 0, data[lengthAt + 1] ?? 0];
  const known = Math.min((high << 8) | low, length - ipv6HeaderBytes);
  data[lengthAt] = known >> 8;
  data[lengthAt + 1] = known & 0xff;
  const may = mayAnswerWithError(data, at, length);
  data[lengthAt] = high;
  data[lengthAt + 1] = low;
  return may;
}

/** What the PoP itself says inside a tunnel: echo replies, neighbour advertisements and ICMPv6 errors, from the tunnel's ::1, at a bounded rate (RFC 4443 section 2.4 f). */
export class Answers {
  /** The outer source of the packet at hand, and whether it is where the tunnel's traffic goes. What is answered into the network goes back to there. */
  sourceIp = 0;
  sourcePort = 0;
  sourceIsEndpoint = false;
  /** What a place that is not the endpoint got for that packet, on the wire. */
  spentBytes = 0;
  readonly toNetwork: NetworkCrafts;
  readonly toKernel: KernelCrafts;
  readonly #state: EngineState;
  readonly #slots: Uint8Array;
  readonly #perTunnel = new Buckets({ buckets: 4096, perSec: 10, burst: 10 });
  readonly #total = new Buckets({ buckets: 1, perSec: 100, burst: 100 });
  readonly #asked = new Buckets({ buckets: 4096, perSec: 100, burst: 100 });

  constructor(state: EngineState) {
    this.#state = state;
    this.toNetwork = new NetworkCrafts(state);
    this.toKernel = new KernelCrafts(state);
    this.#slots = new Uint8Array(state.table.words.buffer);
  }

  /** Answers the echo request at `at` of `data`: `taken`, or why not. */
  echo(towards: Direction, slot: number, data: Uint8Array, at: number, length: number): number {
    const isToNetwork = towards === "network";
    // A reply is as long as its request, and a router does not fragment what it forwards; here it is the sender, and sends nothing.
    if (isToNetwork && length > this.#state.table.word(slot, slotAt.mtuBytes)) return reasonOf.tooBig;
    const crafts = isToNetwork ? this.toNetwork : this.toKernel;
    const room = crafts.room(length);
    if (room < 0 || !this.#asked.take(slot, this.#state.nowMs)) return reasonOf.localPort;
    const made = encodeEchoReplyInto(crafts.data, room, data, at, length);
    if (made === 0) return reasonOf.localPort;
    return this.#push(towards, room, made, slot) ? taken : reasonOf.unprovenBudget;
  }

  /**
   * Answers an AYIYA echo request whose payload stands at `at`, to the proven endpoint: opcode 4 with the same payload, no longer than
   * the tunnel's MTU. Draft and 9front do so; aiccu sends none, and nothing relies on it (AYIYA sheet section 3).
   */
  ayiyaEcho(slot: number, data: Uint8Array, at: number, length: number): void {
    if (length > this.#state.table.word(slot, slotAt.mtuBytes)) return;
    const room = this.toNetwork.room(length);
    if (room < 0 || !this.#asked.take(slot, this.#state.nowMs)) return;
    this.toNetwork.data.set(data.subarray(at, at + length), room);
    this.toNetwork.pushEcho(room, length, slot);
  }

  /** Answers the neighbour solicitation for our inner address that stands at `at` of `data`: `taken`, or why not. */
  neighbour(slot: number, data: Uint8Array, at: number, length: number): number {
    const room = this.toNetwork.room(advertisementBytes);
    if (room < 0 || !this.#asked.take(slot, this.#state.nowMs)) return reasonOf.localPort;
    const made = encodeAdvertisementInto(this.toNetwork.data, room, data, at, length);
    if (made === 0) return reasonOf.localPort;
    return this.#push("network", room, made, slot) ? taken : reasonOf.unprovenBudget;
  }

  /** An ICMPv6 error about the packet at `at` of `data`, to its source; nothing when none is due. */
  error(
    towards: Direction,
    about: { slot: number; data: Uint8Array; at: number; length: number; type: number; code: number; parameter: number; isCut?: boolean },
  ): void {
    const { slot, data, at, length } = about;
    if (about.isCut === true ? !mayAnswerCut(data, at, length) : !mayAnswerWithError(data, at, length)) return;
    if (!this.#perTunnel.take(slot, this.#state.nowMs) || !this.#total.take(0, this.#state.nowMs)) return;
    const crafts = towards === "network" ? this.toNetwork : this.toKernel;
    const room = crafts.room(ipv6MinimumMtuBytes);
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

  #push(towards: Direction, at: number, length: number, slot: number): boolean {
    if (towards === "kernel") {
      this.toKernel.push(at, length);
    } else if (!this.sourceIsEndpoint) {
      // An answer is hardly longer than its question, so this stays within what a place may get.
      this.toNetwork.push(at, length, slot, this.sourceIp, this.sourcePort);
      this.spentBytes += length + mostOverheadBytes;
    } else if (this.#state.mayReach(slot, length + mostOverheadBytes)) {
      this.toNetwork.push(at, length, slot);
    } else {
      return false;
    }
    return true;
  }
}
