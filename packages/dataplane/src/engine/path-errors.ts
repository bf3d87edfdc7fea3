import { icmpv6Types, ipv6At, ipv6HeaderBytes, unreachableCodes } from "@tombolo/protocols";
import { encapsulations, netWord, netWords, slotAt } from "../native/layout.ts";
import type { Answers } from "./answers.ts";
import { errorSocket } from "./packet-io.ts";
import { reasonOf, type EngineState } from "./state.ts";

const icmpHeaderBytes = 8;
const ipv4HeaderBytes = 20;
const ipv4At = { protocol: 9, source: 12, destination: 16 } as const;
const protocol41 = 41;
const types = { unreachable: 3, timeExceeded: 11, parameterProblem: 12 } as const;
const fragmentationNeeded = 4;

/**
 * ICMPv4 errors about our own protocol 41 packets (RFC 4213 section 3.4, protocol 41 sheet section 4). One counts only when it quotes a
 * packet that we may have sent: from our address, to the endpoint of the tunnel that the inner destination finds. Then the inner source
 * hears that the address is unreachable, at the rate of all errors. Fragmentation needed is counted alone: we send without DF, so
 * nobody has a reason to say it.
 */
export class PathErrors {
  readonly #state: EngineState;
  readonly #answers: Answers;
  readonly #outerIp: number;
  readonly #view: DataView;

  constructor(state: EngineState, answers: Answers, outerIp: number) {
    this.#state = state;
    this.#answers = answers;
    this.#outerIp = outerIp | 0;
    const { netData } = state.io;
    this.#view = new DataView(netData.buffer, netData.byteOffset, netData.length);
  }

  receive(): void {
    const { io } = this.#state;
    const count = io.netReceive(errorSocket);
    // Each record is read before its answer, which takes the place of one that was read already.
    for (let i = 0; i < count; i += 1) {
      const base = i * netWords;
      const packets = io.netPackets;
      this.#take(packets[base + netWord.offset] ?? 0, packets[base + netWord.length] ?? 0, packets[base + netWord.sourceIp] ?? 0);
    }
    this.#answers.toKernel.flush();
  }

  #take(at: number, length: number, ip: number): void {
    const state = this.#state;
    const data = state.io.netData;
    const end = at + length;
    const quoted = at + icmpHeaderBytes;
    if (quoted + ipv4HeaderBytes > end || (data[quoted] ?? 0) >> 4 !== 4) return;
    const type = data[at] ?? 0;
    if (type !== types.unreachable && type !== types.timeExceeded && type !== types.parameterProblem) return;
    const inner = quoted + ((data[quoted] ?? 0) & 0x0f) * 4;
    if (inner < quoted + ipv4HeaderBytes || inner + ipv6HeaderBytes > end || (data[inner] ?? 0) >> 4 !== 6) return;
    const slot = this.#slotOf(quoted, inner);
    if (slot < 0) return;
    state.drop(slot, reasonOf.pathError, data, at, length, ip, 0);
    if (type === types.unreachable && data[at + 1] === fragmentationNeeded) return;
    this.#answers.error("kernel", {
      slot,
      data,
      at: inner,
      length: end - inner,
      type: icmpv6Types.destinationUnreachable,
      code: unreachableCodes.address,
      parameter: 0,
      isCut: true,
    });
  }

  /** The tunnel by which we may have sent what is quoted, or -1. */
  #slotOf(quoted: number, inner: number): number {
    const { table, io } = this.#state;
    const view = this.#view;
    if (io.netData[quoted + ipv4At.protocol] !== protocol41) return -1;
    if (this.#outerIp !== 0 && view.getInt32(quoted + ipv4At.source) !== this.#outerIp) return -1;
    const to = inner + ipv6At.destination;
    const [a, b] = [view.getInt32(to, true), view.getInt32(to + 4, true)];
    const slot = table.findByAddress(a, b, view.getInt32(to + 8, true), view.getInt32(to + 12, true));
    if (slot < 0 || table.word(slot, slotAt.encapsulation) !== encapsulations.proto41 || !table.isEnabled(slot)) return -1;
    return table.isEndpoint(slot, view.getInt32(quoted + ipv4At.destination), 0) ? slot : -1;
  }
}
