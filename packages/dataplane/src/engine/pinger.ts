import { encodeEchoRequest, icmpv6At, icmpv6Types, ipv6At, ipv6HeaderBytes, nextHeaders } from "@tombolo/protocols";
import type { PingBook } from "../counters/ping-book.ts";
import { slotAt, slotBytes } from "../native/layout.ts";
import type { NetworkCrafts } from "./crafts.ts";
import { mostOverheadBytes, type EngineState } from "./state.ts";

/** As sixxsd's pings have it (SixXS service sheet section 8); clients and firewalls know it. */
const identifier = 0x4242;
const nonceBytes = 8;
const pingBytes = ipv6HeaderBytes + icmpv6At.body + nonceBytes;

/** Round trips to far ends: an echo request with a nonce, several under way, answered by the far inner end from the endpoint alone. */
export class Pinger {
  readonly #state: EngineState;
  readonly #crafts: NetworkCrafts;
  readonly #book: PingBook;
  readonly #slots: Uint8Array;

  constructor(state: EngineState, crafts: NetworkCrafts, book: PingBook) {
    this.#state = state;
    this.#crafts = crafts;
    this.#book = book;
    this.#slots = new Uint8Array(state.table.words.buffer);
  }

  /** Asks each that is up and has a ping left. */
  ask(slots: readonly number[], pong: boolean): void {
    const state = this.#state;
    const nonces = state.random(nonceBytes * slots.length);
    const view = new DataView(nonces.buffer, nonces.byteOffset, nonces.length);
    for (const [i, slot] of slots.entries()) {
      const at = this.#crafts.room(pingBytes);
      if (at < 0 || !state.mayReach(slot, pingBytes + mostOverheadBytes)) continue;
      const nonce = { a: view.getInt32(i * nonceBytes), b: view.getInt32(i * nonceBytes + 4) };
      const sequence = this.#book.begin(slot, nonce, { nowMs: state.nowMs, pong });
      if (sequence < 0) continue;
      const base = slot * slotBytes;
      const made = encodeEchoRequest(this.#crafts.data, at, {
        source: this.#slots.subarray(base + slotAt.local, base + slotAt.local + 16),
        destination: this.#slots.subarray(base + slotAt.remote, base + slotAt.remote + 16),
        identifier,
        sequence,
        payload: nonces.subarray(i * nonceBytes, (i + 1) * nonceBytes),
      });
      if (made > 0) this.#crafts.push(at, made, slot);
    }
  }

  /** An echo reply from the endpoint to our inner address; true when it answers a ping of ours. */
  replied(slot: number, data: Uint8Array, at: number, length: number): boolean {
    if (length !== pingBytes || data[at + ipv6At.nextHeader] !== nextHeaders.icmpv6) return false;
    const view = new DataView(data.buffer, data.byteOffset + at, length);
    const echo = ipv6HeaderBytes;
    if (data[at + echo] !== icmpv6Types.echoReply || view.getUint16(echo + icmpv6At.identifier) !== identifier) return false;
    const remote = slot * slotBytes + slotAt.remote;
    for (let i = 0; i < 16; i += 1) if (data[at + ipv6At.source + i] !== this.#slots[remote + i]) return false;
    const sequence = view.getUint16(echo + icmpv6At.sequence);
    const nonceA = view.getInt32(echo + icmpv6At.body);
    const nonceB = view.getInt32(echo + icmpv6At.body + 4);
    const pong = this.#book.settle(slot, { sequence, nonceA, nonceB }, this.#state.nowMs);
    if (pong?.wantsPong === true) this.#state.report({ kind: "pong", slot, rttMs: pong.rttMs, sequence });
    return pong !== undefined;
  }
}
