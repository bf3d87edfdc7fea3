import {
  ayiyaAt,
  ayiyaHeaderBytes,
  ayiyaLengths,
  ayiyaMethods,
  ayiyaOpcodes,
  ayiyaSharedSecret,
  clockSkewSec,
  decapsulateEcn,
  ipv6At,
  ipv6HeaderBytes,
  nextHeaders,
  withinClockWindow,
} from "@tombolo/protocols";
import { counter } from "../counters/counters.ts";
import { encapsulations, limits, netVerdicts, netWord, netWords, slotAt, slotFlags } from "../native/layout.ts";
import type { Answers } from "./answers.ts";
import { Buckets } from "./buckets.ts";
import type { InnerRules } from "./inner.ts";
import type { SocketKind } from "./packet-io.ts";
import { unprovenFactor, type Prover } from "./prover.ts";
import { Replays } from "./replays.ts";
import { carry, reasonOf, taken, type EngineState } from "./state.ts";

/** IPv4 and UDP headers: what a datagram of n payload bytes weighs on the wire besides n. */
const outerBytes = 28;
/** What protocol 41 adds, and UDP at least. */
const ipv4Bytes = 20;
/** A full batch of super-packets each; then the other directions get their turn. */
const maxRounds = 16;

/**
 * Network to kernel. Three passes over a batch: cheap checks that find the tunnel, signatures in one call of the addon,
 * then everything that has an effect on the tunnel. Nothing is counted on a tunnel's account before its signature was right.
 */
export class Inbound {
  readonly #state: EngineState;
  readonly #rules: InnerRules;
  readonly #prover: Prover;
  readonly #answers: Answers;
  readonly #view: DataView;
  /** Set beside each packet by the cheap checks: its time is off, so it only serves to say so. */
  readonly #clockOff = new Uint8Array(limits.netPackets);
  readonly #perSource = new Buckets({ buckets: 4096, perSec: 1000, burst: 256 });
  readonly #anySource = new Buckets({ buckets: 1, perSec: 100_000, burst: 10_000 });
  readonly #replays = new Replays();
  readonly #reports = new Buckets({ buckets: 256, perSec: 0.1, burst: 1 });
  /** Of the batch at hand. */
  #accepted = 0;
  #isAyiya = false;

  constructor(state: EngineState, parts: { rules: InnerRules; prover: Prover; answers: Answers }) {
    this.#state = state;
    this.#rules = parts.rules;
    this.#prover = parts.prover;
    this.#answers = parts.answers;
    const { netData } = state.io;
    this.#view = new DataView(netData.buffer, netData.byteOffset, netData.length);
  }

  /** Carries what stands ready at a socket, up to a bound. */
  receive(socket: number, kind: SocketKind): void {
    const { io } = this.#state;
    for (let round = 0; round < maxRounds; round += 1) {
      const count = io.netReceive(socket);
      if (count <= 0) return;
      this.#rules.begin();
      this.#accepted = 0;
      this.#isAyiya = kind === "ayiya";
      if (this.#isAyiya) this.#ayiya(count);
      else this.#bare(count, kind === "udp" ? encapsulations.udp : encapsulations.proto41);
      const refused = this.#accepted > 0 ? this.#accepted - Math.max(0, io.tunSend(count)) : 0;
      if (refused > 0) this.#state.dropUnclaimed(reasonOf.kernelRefused, refused);
      this.#answers.toNetwork.flush();
    }
  }

  #ayiya(count: number): void {
    const { io } = this.#state;
    const packets = io.netPackets;
    for (let i = 0; i < count; i += 1) {
      const base = i * netWords;
      const refused = this.#identify(i, base);
      packets[base + netWord.verdict] = refused === carry ? netVerdicts.verify : netVerdicts.drop;
      if (refused !== carry) this.#dropUnclaimed(base, refused);
    }
    io.verifyAyiya(count);
    for (let i = 0; i < count; i += 1) {
      const base = i * netWords;
      const verdict = packets[base + netWord.verdict];
      if (verdict === netVerdicts.drop) continue;
      this.#answers.spentBytes = 0;
      const refused = verdict === netVerdicts.accept ? this.#signed(i, base) : reasonOf.badSignature;
      if (this.#prover.hasReport) this.#prover.report(this.#answers.spentBytes);
      this.#settle(base, refused, verdict === netVerdicts.accept);
    }
  }

  /** AYIYA sheet section 7 steps 1 to 6 in the order of section 11; leaves the slot in the packet's record. */
  #identify(i: number, base: number): number {
    const { io, table } = this.#state;
    const packets = io.netPackets;
    const data = io.netData;
    const at = packets[base + netWord.offset] ?? 0;
    const length = packets[base + netWord.length] ?? 0;
    if (length < ayiyaHeaderBytes) return reasonOf.short;
    if (data[at] !== ayiyaLengths || data[at + 1] !== ayiyaMethods) return reasonOf.ayiyaHeader;
    const operation = data[at + ayiyaAt.operation] ?? 0;
    const nextHeader = data[at + ayiyaAt.nextHeader] ?? 0;
    if ((operation & 0xf0) !== ayiyaSharedSecret) return reasonOf.ayiyaHeader;
    if ((operation & 0x0f) > ayiyaOpcodes.echoRequestAndForward) return reasonOf.ayiyaOpcode;
    if (nextHeader === nextHeaders.ipv6) {
      if (length < ayiyaHeaderBytes + ipv6HeaderBytes) return reasonOf.short;
    } else if (nextHeader !== nextHeaders.none) {
      return reasonOf.ayiyaHeader;
    }
    const view = this.#view;
    const identity = at + ayiyaAt.identity;
    const slot = table.findByIdentity(
      view.getInt32(identity, true),
      view.getInt32(identity + 4, true),
      view.getInt32(identity + 8, true),
      view.getInt32(identity + 12, true),
    );
    if (slot < 0) return reasonOf.unknownTunnel;
    packets[base + netWord.slot] = slot;
    if (!table.isEnabled(slot)) return reasonOf.tunnelDisabled;
    if (!table.isAyiya(slot)) return reasonOf.wrongEncapsulation;
    const isClockOff = !withinClockWindow(view.getInt32(at + ayiyaAt.epoch) >>> 0, this.#state.nowSec);
    this.#clockOff[i] = isClockOff ? 1 : 0;
    if (!isClockOff && this.#isFromEndpoint(base, slot)) return carry;
    return this.#mayHash(packets[base + netWord.sourceIp] ?? 0) ? carry : reasonOf.unprovenRate;
  }

  #isFromEndpoint(base: number, slot: number): boolean {
    const packets = this.#state.io.netPackets;
    return this.#state.table.isEndpoint(slot, packets[base + netWord.sourceIp] ?? 0, packets[base + netWord.sourcePort] ?? 0);
  }

  /** Bounds the hashing that strangers can cause: per source, and all together where sources are forged. */
  #mayHash(ip: number): boolean {
    const { nowMs } = this.#state;
    return this.#perSource.take(ip, nowMs) && this.#anySource.take(0, nowMs);
  }

  /** The signature is right: from here on it is the tunnel's own doing. Answers `carry`, `taken` or a reason to drop. */
  #signed(i: number, base: number): number {
    const { io, table, role } = this.#state;
    const packets = io.netPackets;
    const at = packets[base + netWord.offset] ?? 0;
    const length = packets[base + netWord.length] ?? 0;
    const slot = packets[base + netWord.slot] ?? 0;
    const ip = packets[base + netWord.sourceIp] ?? 0;
    const port = packets[base + netWord.sourcePort] ?? 0;
    const epochSec = this.#view.getInt32(at + ayiyaAt.epoch) >>> 0;
    if (this.#clockOff[i] === 1) {
      this.#reportSkew(slot, epochSec);
      return reasonOf.clockOff;
    }
    const isFromEndpoint = this.#isFromEndpoint(base, slot);
    if ((table.endpointFlags & slotFlags.fixed) !== 0) {
      if (!isFromEndpoint) return reasonOf.wrongEndpoint;
    } else if (!isFromEndpoint || (table.endpointFlags & slotFlags.proven) === 0) {
      if (!isFromEndpoint && this.#isReplay(slot, at, epochSec)) return reasonOf.replayed;
      if (isFromEndpoint) table.addBudget(slot, unprovenFactor * (length + outerBytes));
      this.#prover.sighted(slot, ip, port, epochSec, length + outerBytes);
    }
    this.#markSeen(slot, epochSec, isFromEndpoint);
    const operation = this.#view.getUint8(at + ayiyaAt.operation) & 0x0f;
    if (isFromEndpoint && operation >= ayiyaOpcodes.echoRequest) this.#echo(slot, at + ayiyaHeaderBytes, length - ayiyaHeaderBytes);
    const carries = this.#view.getUint8(at + ayiyaAt.nextHeader) === nextHeaders.ipv6;
    if (!carries || operation === ayiyaOpcodes.noop || operation === ayiyaOpcodes.echoRequest) return taken;
    // aiccu delivers opcode 3, sixxsd does not: each role does as its predecessor.
    if (operation === ayiyaOpcodes.echoRequestAndForward && role === "pop") return taken;
    this.#answers.sourceIsEndpoint = isFromEndpoint;
    return this.#inner(base, slot, at + ayiyaHeaderBytes, length - ayiyaHeaderBytes);
  }

  /** Older than the newest accepted, or carried before. What carries nothing may come twice: aiccu's first beat does. */
  #isReplay(slot: number, at: number, epochSec: number): boolean {
    const newest = this.#state.newest(slot, counter.lastEpochSec);
    if (newest !== 0 && ((epochSec - newest) | 0) < 0) return true;
    if (this.#view.getUint8(at + ayiyaAt.nextHeader) !== nextHeaders.ipv6) return false;
    return this.#replays.isCopy(this.#view.getInt32(at + ayiyaAt.signature), this.#view.getInt32(at + ayiyaAt.signature + 4));
  }

  /** Opcodes 2 and 3 from a proven endpoint; at a client nobody asks, and sixxsd would take the answer for an offence. */
  #echo(slot: number, at: number, length: number): void {
    const { table, role, io } = this.#state;
    if (role === "pop" && (table.endpointFlags & slotFlags.proven) !== 0) this.#answers.ayiyaEcho(slot, io.netData, at, length);
  }

  #markSeen(slot: number, epochSec: number, isFromEndpoint: boolean): void {
    const state = this.#state;
    state.mark(slot, counter.lastSeenSec, state.nowSec);
    if (isFromEndpoint) state.mark(slot, counter.lastFromEndpointSec, state.nowSec);
    // Kept where this worker can see it; the newest over workers counts.
    state.raise(slot, counter.lastEpochSec, epochSec);
  }

  /** One line in ten seconds and tunnel is enough to tell a user what is wrong. */
  #reportSkew(slot: number, epochSec: number): void {
    const { nowSec, nowMs, report } = this.#state;
    if (this.#reports.take(slot, nowMs)) report({ kind: "clock-off", slot, skewSec: clockSkewSec(epochSec, nowSec) });
  }

  /** Unsigned encapsulations: the inner source finds the tunnel, the outer source must be its endpoint (protocol 41 sheet section 3). */
  #bare(count: number, encapsulation: number): void {
    const { io, table } = this.#state;
    const packets = io.netPackets;
    for (let i = 0; i < count; i += 1) {
      const base = i * netWords;
      const at = packets[base + netWord.offset] ?? 0;
      const length = packets[base + netWord.length] ?? 0;
      packets[base + netWord.verdict] = netVerdicts.drop;
      const slot = length < ipv6HeaderBytes ? -1 : this.#bySource(at);
      packets[base + netWord.slot] = slot;
      if (slot < 0) {
        this.#state.dropUnclaimed(length < ipv6HeaderBytes ? reasonOf.short : reasonOf.unknownTunnel);
      } else if (table.word(slot, slotAt.encapsulation) !== encapsulation) {
        // Anybody can send this, so it is nobody's account.
        this.#dropUnclaimed(base, reasonOf.wrongEncapsulation);
      } else if (!this.#isFromEndpoint(base, slot)) {
        const refused = this.#fromElsewhere(base, slot, at, length);
        this.#settle(base, refused, refused !== reasonOf.wrongEndpoint);
      } else {
        const isEnabled = table.isEnabled(slot);
        if (isEnabled) this.#markSeen(slot, 0, true);
        if ((table.endpointFlags & slotFlags.proven) === 0) table.addBudget(slot, unprovenFactor * (length + ipv4Bytes));
        this.#answers.sourceIsEndpoint = true;
        this.#settle(base, isEnabled ? this.#inner(base, slot, at, length) : reasonOf.tunnelDisabled, true);
      }
    }
  }

  /**
   * Not from where the tunnel's traffic goes: a place that is being asked may answer, and nothing more. The last place of a tunnel
   * that is down is told apart, since its user wonders; any other is nobody's account.
   */
  #fromElsewhere(base: number, slot: number, at: number, length: number): number {
    const { io, table } = this.#state;
    const ip = io.netPackets[base + netWord.sourceIp] ?? 0;
    const port = io.netPackets[base + netWord.sourcePort] ?? 0;
    if ((table.endpointFlags & slotFlags.enabled) === 0) return reasonOf.wrongEndpoint;
    if (this.#prover.strangerReplied(slot, io.netData, at, length, ip, port)) return taken;
    const isDown = (table.endpointFlags & slotFlags.hasEndpoint) === 0;
    return isDown && ip !== 0 && table.endpointIp === (ip | 0) && table.endpointPort === port
      ? reasonOf.tunnelDown
      : reasonOf.wrongEndpoint;
  }

  #bySource(at: number): number {
    const view = this.#view;
    const a = view.getInt32(at + ipv6At.source, true);
    const b = view.getInt32(at + ipv6At.source + 4, true);
    const c = view.getInt32(at + ipv6At.source + 8, true);
    const d = view.getInt32(at + ipv6At.source + 12, true);
    return this.#state.table.findByAddress(a, b, c, d);
  }

  #inner(base: number, slot: number, at: number, available: number): number {
    const { io } = this.#state;
    const packets = io.netPackets;
    this.#answers.sourceIp = packets[base + netWord.sourceIp] ?? 0;
    this.#answers.sourcePort = packets[base + netWord.sourcePort] ?? 0;
    const refused = this.#rules.check(slot, at, available);
    if (refused !== carry) return refused;
    packets[base + netWord.innerOffset] = at;
    packets[base + netWord.innerLength] = this.#rules.length;
    return decapsulateEcn(io.netData, at, packets[base + netWord.tos] ?? -1) ? carry : reasonOf.ecn;
  }

  #dropUnclaimed(base: number, reason: number): void {
    this.#state.dropUnclaimed(reason);
    if (this.#state.tracer.active) this.#trace(base, reason);
  }

  #trace(base: number, refused: number): void {
    const { io, tracer } = this.#state;
    const packets = io.netPackets;
    const slot = packets[base + netWord.slot] ?? -1;
    if (slot < 0) return;
    const at = packets[base + netWord.offset] ?? 0;
    const length = packets[base + netWord.length] ?? 0;
    const ip = packets[base + netWord.sourceIp] ?? 0;
    const port = packets[base + netWord.sourcePort] ?? 0;
    tracer.arrived({ slot, data: io.netData, at, length }, refused, { ip, port, isAyiya: this.#isAyiya });
  }

  /** Writes the verdict down and counts. `isTheirs`: the packet proved to be the tunnel's. */
  #settle(base: number, refused: number, isTheirs: boolean): void {
    const state = this.#state;
    const packets = state.io.netPackets;
    packets[base + netWord.verdict] = refused === carry ? netVerdicts.accept : netVerdicts.drop;
    if (state.tracer.active) this.#trace(base, refused);
    const slot = packets[base + netWord.slot] ?? 0;
    if (refused === carry) {
      this.#accepted += 1;
      state.count(slot, counter.inPackets, 1);
      state.count(slot, counter.inBytes, packets[base + netWord.innerLength] ?? 0);
    } else if (refused !== taken) {
      const at = packets[base + netWord.offset] ?? 0;
      const length = packets[base + netWord.length] ?? 0;
      const ip = packets[base + netWord.sourceIp] ?? 0;
      // A wrong signature is no one's account, but the tunnel's owner wants to see that somebody tries.
      if (isTheirs || refused === reasonOf.badSignature)
        state.drop(slot, refused, state.io.netData, at, length, ip, packets[base + netWord.sourcePort] ?? 0);
      else state.dropUnclaimed(refused);
    }
  }
}
