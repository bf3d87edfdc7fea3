import { encapsulatedTos, icmpv6Types, ipv6At, ipv6HeaderBytes, nextHeaders, trafficClassAt, unreachableCodes } from "@tombolo/protocols";
import { counter } from "../counters/counters.ts";
import { segmentKinds, slotAt, slotFlags, tunWord, tunWords } from "../native/layout.ts";
import type { Answers } from "./answers.ts";
import { unusable } from "./inner.ts";
import { carry, mostOverheadBytes, reasonOf, taken, type EngineState } from "./state.ts";

const maxRounds = 16;

/** Kernel to network: the destination finds the tunnel, then state, size and what an unproven endpoint may get. */
export class Outbound {
  readonly #state: EngineState;
  readonly #answers: Answers;
  readonly #view: DataView;
  /** Left by #measure: the packet's largest piece after splitting, how many there are, and the headers that each repeats. */
  #pieceBytes = 0;
  #pieces = 1;
  #headerBytes = 0;

  constructor(state: EngineState, answers: Answers) {
    this.#state = state;
    this.#answers = answers;
    const { tunData } = state.io;
    this.#view = new DataView(tunData.buffer, tunData.byteOffset, tunData.length);
  }

  /** Carries what the kernel routed to the device, up to a bound. */
  receive(): void {
    const { io } = this.#state;
    for (let round = 0; round < maxRounds; round += 1) {
      const count = io.tunReceive();
      if (count === 0) return;
      // Nothing but a device that was taken away fails to be read; polling it on would spin.
      if (count < 0) throw new Error(`the TUN device cannot be read any more (errno ${-count})`);
      for (let i = 0; i < count; i += 1) this.#decide(i * tunWords);
      io.encap(count, this.#state.nowSec);
      for (let i = 0; i < count; i += 1) this.#settle(i * tunWords);
      this.#answers.toKernel.flush();
    }
  }

  #decide(base: number): void {
    const { io } = this.#state;
    const packets = io.tunPackets;
    const at = packets[base + tunWord.offset] ?? 0;
    const length = packets[base + tunWord.length] ?? 0;
    packets[base + tunWord.slot] = -1;
    packets[base + tunWord.overrideIp] = 0;
    packets[base + tunWord.overridePort] = 0;
    packets[base + tunWord.opcode] = 1;
    if (length < ipv6HeaderBytes || (io.tunData[at] ?? 0) >> 4 !== 6) {
      this.#state.dropUnclaimed(length < ipv6HeaderBytes ? reasonOf.short : reasonOf.notIpv6);
      return;
    }
    const view = this.#view;
    const a = view.getInt32(at + ipv6At.destination, true);
    const b = view.getInt32(at + ipv6At.destination + 4, true);
    const c = view.getInt32(at + ipv6At.destination + 8, true);
    const d = view.getInt32(at + ipv6At.destination + 12, true);
    const scope = this.#scope(at, a, b, c);
    const slot = scope === carry ? this.#state.table.findByAddress(a, b, c, d) : -1;
    if (slot < 0) {
      this.#state.dropUnclaimed(scope === carry ? reasonOf.noTunnel : scope);
      return;
    }
    const refused = this.#check(slot, base, a, b, c, d);
    if (refused === carry) {
      packets[base + tunWord.slot] = slot;
      packets[base + tunWord.tos] = encapsulatedTos(trafficClassAt(io.tunData, at), false);
      return;
    }
    if (refused !== taken) this.#state.drop(slot, refused, io.tunData, at, length, 0, 0);
    if (this.#state.tracer.active) this.#state.tracer.routed({ slot, data: io.tunData, at, length }, refused);
  }

  /**
   * Neither end of a packet may be of the link: a kernel sends solicitations and reports by itself, and redirects with its
   * own link-local address when it routes from tunnel to tunnel over the one device.
   */
  #scope(at: number, a: number, b: number, c: number): number {
    const destination = unusable(a, b, c);
    if (destination !== carry) return destination;
    const view = this.#view;
    const source = unusable(
      view.getInt32(at + ipv6At.source, true),
      view.getInt32(at + ipv6At.source + 4, true),
      view.getInt32(at + ipv6At.source + 8, true),
    );
    return source === reasonOf.bogusDestination ? reasonOf.bogusSource : source;
  }

  #check(slot: number, base: number, a: number, b: number, c: number, d: number): number {
    const { io, table, role } = this.#state;
    const packets = io.tunPackets;
    if (role === "pop" && table.foundLink && !table.isRemote(slot, a, b, c, d)) return this.#toLink(slot, base, a, b, c, d);
    table.readEndpoint(slot);
    if ((table.endpointFlags & slotFlags.enabled) === 0) {
      this.#refuse(slot, base, icmpv6Types.destinationUnreachable, unreachableCodes.prohibited, 0);
      return reasonOf.tunnelDisabled;
    }
    if ((table.endpointFlags & slotFlags.hasEndpoint) === 0) {
      this.#refuse(slot, base, icmpv6Types.destinationUnreachable, unreachableCodes.noRoute, 0);
      return reasonOf.tunnelDown;
    }
    const mtuBytes = table.word(slot, slotAt.mtuBytes);
    this.#measure(base);
    if (this.#pieceBytes > mtuBytes) {
      this.#refuse(slot, base, icmpv6Types.packetTooBig, 0, mtuBytes);
      return reasonOf.tooBig;
    }
    if ((table.endpointFlags & slotFlags.proven) !== 0) return carry;
    const length = packets[base + tunWord.length] ?? 0;
    const bytes = length + this.#pieces * mostOverheadBytes + (this.#pieces - 1) * this.#headerBytes;
    return table.takeBudget(slot, bytes) ? carry : reasonOf.unprovenBudget;
  }

  /** An address of the link other than the far end's: our own answers echo, the rest are nobody. */
  #toLink(slot: number, base: number, a: number, b: number, c: number, d: number): number {
    const { io, table } = this.#state;
    const at = io.tunPackets[base + tunWord.offset] ?? 0;
    const length = io.tunPackets[base + tunWord.length] ?? 0;
    if (!table.isLocal(slot, a, b, c, d)) {
      this.#refuse(slot, base, icmpv6Types.destinationUnreachable, unreachableCodes.noRoute, 0);
      return reasonOf.noHost;
    }
    const echoed = this.#answers.echo("kernel", slot, io.tunData, at, length);
    if (echoed === taken) return taken;
    if (io.tunData[at + ipv6At.nextHeader] !== nextHeaders.icmpv6) {
      this.#refuse(slot, base, icmpv6Types.destinationUnreachable, unreachableCodes.port, 0);
    }
    return reasonOf.localPort;
  }

  /** The size that a link sees: of a super-packet, its largest segment with headers. */
  #measure(base: number): void {
    const { io } = this.#state;
    const packets = io.tunPackets;
    const at = packets[base + tunWord.offset] ?? 0;
    const length = packets[base + tunWord.length] ?? 0;
    const kind = packets[base + tunWord.segmentKind] ?? 0;
    this.#pieceBytes = length;
    this.#pieces = 1;
    this.#headerBytes = 0;
    if (kind === segmentKinds.none) return;
    const transportAt = packets[base + tunWord.checksumStart] ?? 0;
    const segmentBytes = Math.max(1, packets[base + tunWord.segmentBytes] ?? 1);
    this.#headerBytes = transportAt + (kind === segmentKinds.udp6 ? 8 : ((io.tunData[at + transportAt + 12] ?? 0) >> 4) * 4);
    this.#pieceBytes = Math.min(length, this.#headerBytes + segmentBytes);
    this.#pieces = Math.max(1, Math.ceil((length - this.#headerBytes) / segmentBytes));
  }

  #settle(base: number): void {
    const state = this.#state;
    const packets = state.io.tunPackets;
    const slot = packets[base + tunWord.slot] ?? -1;
    if (slot < 0) return;
    const sent = packets[base + tunWord.result] ?? 0;
    const at = packets[base + tunWord.offset] ?? 0;
    const length = packets[base + tunWord.length] ?? 0;
    if (state.tracer.active) state.tracer.routed({ slot, data: state.io.tunData, at, length }, sent > 0 ? carry : reasonOf.sendError);
    if (sent > 0) {
      // Of a super-packet every piece has headers of its own.
      if (sent > 1) this.#measure(base);
      state.count(slot, counter.outPackets, sent);
      state.count(slot, counter.outBytes, sent > 1 ? length + (sent - 1) * this.#headerBytes : length);
    } else {
      state.drop(slot, reasonOf.sendError, state.io.tunData, at, length, 0, 0);
    }
  }

  #refuse(slot: number, base: number, type: number, code: number, parameter: number): void {
    const { io } = this.#state;
    const at = io.tunPackets[base + tunWord.offset] ?? 0;
    const length = io.tunPackets[base + tunWord.length] ?? 0;
    this.#answers.error("kernel", { slot, data: io.tunData, at, length, type, code, parameter });
  }
}
