import { equalBytes } from "@tombolo/base";
import { encodeEchoRequest, icmpv6At, icmpv6Types, ipv6At, ipv6HeaderBytes, nextHeaders } from "@tombolo/protocols";
import { counter } from "../counters/counters.ts";
import { slotAt, slotBytes, slotFlags } from "../native/layout.ts";
import type { NetworkCrafts } from "./crafts.ts";
import { mostOverheadBytes, type EngineReport, type EngineState } from "./state.ts";

/**
 * Proves that whoever signed packets from a new place can also hear there, before traffic follows (AYIYA sheet section 11):
 * an ICMPv6 echo request with a random nonce goes through the tunnel to the candidate, and only its answer from that very
 * place moves the endpoint. A replay from elsewhere hears nothing, so it moves nothing.
 */
interface Candidate {
  readonly ip: number;
  readonly port: number;
  readonly epochSec: number;
  /** Identifier, sequence and eight bytes of payload, as they will come back. */
  readonly nonce: Uint8Array;
  sentMs: number;
  probes: number;
}

const maxCandidates = 1024;
const probeEveryMs = 1000;
/** Then a new nonce is drawn when the candidate speaks again. */
const maxProbes = 5;
/** Two beats missed (aiccu beats every 60 s): the old endpoint counts as silent. */
export const silentSec = 120;
/** RFC 9000 section 8.1's factor: an unproven place gets at most this many times what it sent. */
export const unprovenFactor = 3;
export const nonceBytes = 12;
const probeBytes = ipv6HeaderBytes + 8 + 8;
const outerProbeBytes = probeBytes + mostOverheadBytes;

/** A place that the control thread was told of, with its nonce; asked when the control thread says so. */
interface Told {
  readonly ip: number;
  readonly port: number;
  readonly epochSec: number;
  readonly nonce: Uint8Array;
}

export class Prover {
  readonly #state: EngineState;
  readonly #crafts: NetworkCrafts;
  readonly #slots: Uint8Array;
  readonly #candidates = new Map<number, Candidate>();
  /** As many as tunnels at most: each was signed for, or configured. */
  readonly #told = new Map<number, Told>();
  #candidateReport: Extract<EngineReport, { kind: "candidate" }> | undefined;
  readonly #checks = new Map<number, { readonly nonce: Uint8Array; readonly sentMs: number }>();

  constructor(state: EngineState, crafts: NetworkCrafts) {
    this.#state = state;
    this.#crafts = crafts;
    this.#slots = new Uint8Array(state.table.words.buffer);
  }

  /** A packet signed right came from a place that is not the proven endpoint. `bytes` is its outer size. */
  sighted(slot: number, ip: number, port: number, epochSec: number, bytes: number): void {
    const state = this.#state;
    // An older packet than one already accepted may be a replay; a fresh client's clock only moves on.
    if (((epochSec - state.newest(slot, counter.lastEpochSec)) | 0) < 0) return;
    if (((epochSec - state.table.word(slot, slotAt.moveEpochSec)) | 0) < 0 && state.table.word(slot, slotAt.moveEpochSec) !== 0) return;
    const known = this.#candidates.get(slot);
    const isSame = known !== undefined && known.ip === ip && known.port === port;
    if (isSame && state.nowMs - known.sentMs < probeEveryMs) return;
    const isEndpoint = state.table.isEndpoint(slot, ip, port);
    if (!isEndpoint) this.#reportIfSilent(slot, ip, port, epochSec, bytes);
    if (isSame && known.probes >= maxProbes) {
      if (state.nowMs - known.sentMs > 10 * probeEveryMs) this.#candidates.delete(slot);
      return;
    }
    // A probe, too, is something that an unproven place gets; the report of a new one has charged it already.
    if (isEndpoint) state.table.takeBudget(slot, outerProbeBytes);
    this.#probe(slot, isSame ? known : this.#makeCandidate(slot, ip, port, epochSec));
  }

  /** The packet at hand is to move the endpoint. */
  get hasReport(): boolean {
    return this.#candidateReport !== undefined;
  }

  /** Tells so, once the packet was worked on; `spentBytes` is what its place got for it already. */
  report(spentBytes: number): void {
    const report = this.#candidateReport;
    this.#candidateReport = undefined;
    if (report !== undefined) this.#state.report({ ...report, budgetBytes: Math.max(0, report.budgetBytes - spentBytes) });
  }

  /** An echo reply to our inner address; true when it answers a nonce of ours. */
  replied(slot: number, data: Uint8Array, at: number, length: number, ip: number, port: number): boolean {
    if (length < probeBytes || !this.#isEchoReply(data, at)) return false;
    const nonce = this.#nonceIn(data, at);
    if (this.#toldAnswered(slot, nonce, ip, port)) return true;
    const check = this.#checks.get(slot);
    if (check !== undefined && equalBytes(check.nonce, nonce)) {
      this.#checks.delete(slot);
      this.#state.report({ kind: "answered", slot, rttMs: this.#state.nowMs - check.sentMs });
      return true;
    }
    const candidate = this.#candidates.get(slot);
    if (candidate === undefined || candidate.ip !== ip || candidate.port !== port || !equalBytes(candidate.nonce, nonce)) return false;
    this.#candidates.delete(slot);
    this.#state.report({ kind: "proven", slot, ip, port, epochSec: candidate.epochSec });
    return true;
  }

  /** Of a packet without a signature from a place that is not the endpoint: all that it may carry is the answer to a nonce. */
  strangerReplied(slot: number, data: Uint8Array, at: number, length: number, ip: number, port: number): boolean {
    if (!this.#told.has(slot) || length < probeBytes || (data[at] ?? 0) >> 4 !== 6) return false;
    return this.#isEchoReply(data, at) && this.#toldAnswered(slot, this.#nonceIn(data, at), ip, port);
  }

  /** The answer to `nonce` from there proves the place. */
  expect(slot: number, told: Told): void {
    this.#told.set(slot, told);
  }

  ask(slot: number): void {
    const told = this.#told.get(slot);
    if (told !== undefined) this.#send(slot, told.nonce, told.ip, told.port);
  }

  settled(slot: number): void {
    this.#told.delete(slot);
  }

  #toldAnswered(slot: number, nonce: Uint8Array, ip: number, port: number): boolean {
    const told = this.#told.get(slot);
    if (told === undefined || (told.ip | 0) !== (ip | 0) || told.port !== port || !equalBytes(told.nonce, nonce)) return false;
    this.#told.delete(slot);
    this.#state.report({ kind: "proven", slot, ip, port, epochSec: told.epochSec });
    return true;
  }

  #isEchoReply(data: Uint8Array, at: number): boolean {
    return data[at + ipv6At.nextHeader] === nextHeaders.icmpv6 && data[at + ipv6HeaderBytes] === icmpv6Types.echoReply;
  }

  #nonceIn(data: Uint8Array, at: number): Uint8Array {
    const nonceAt = at + ipv6HeaderBytes + icmpv6At.identifier;
    return data.subarray(nonceAt, nonceAt + nonceBytes);
  }

  /** A client's own question to the PoP's inner end; its answer is reported as `answered`. */
  check(slot: number): void {
    if (!this.#state.mayReach(slot, outerProbeBytes)) return;
    const nonce = this.#state.random(nonceBytes);
    this.#checks.set(slot, { nonce, sentMs: this.#state.nowMs });
    this.#send(slot, nonce, 0, 0);
  }

  forget(slot: number): void {
    this.#candidates.delete(slot);
    this.#checks.delete(slot);
    this.#told.delete(slot);
  }

  /**
   * With nothing heard of the old endpoint for long, or none known, waiting for the proof would only lose packets.
   * After a start the old endpoint has its time to speak first: it may be one that was proven before.
   */
  #reportIfSilent(slot: number, ip: number, port: number, epochSec: number, bytes: number): void {
    const { table, newest, nowSec, startedSec } = this.#state;
    table.readEndpoint(slot);
    const hasEndpoint = (table.endpointFlags & slotFlags.hasEndpoint) !== 0;
    if (hasEndpoint && nowSec - Math.max(startedSec, newest(slot, counter.lastFromEndpointSec)) < silentSec) return;
    const last = newest(slot, counter.lastEpochSec);
    // Strictly newer, so that not even the very last packet of a client that went away can be played again.
    if (last !== 0 && ((epochSec - last) | 0) <= 0) return;
    this.#candidateReport = { kind: "candidate", slot, ip, port, epochSec, budgetBytes: unprovenFactor * bytes - outerProbeBytes };
  }

  #makeCandidate(slot: number, ip: number, port: number, epochSec: number): Candidate {
    if (!this.#candidates.has(slot) && this.#candidates.size >= maxCandidates) {
      const oldest = this.#candidates.keys().next();
      if (!oldest.done) this.#candidates.delete(oldest.value);
    }
    const candidate: Candidate = { ip, port, epochSec, nonce: this.#state.random(nonceBytes), sentMs: 0, probes: 0 };
    this.#candidates.set(slot, candidate);
    return candidate;
  }

  #probe(slot: number, candidate: Candidate): void {
    candidate.sentMs = this.#state.nowMs;
    candidate.probes += 1;
    this.#send(slot, candidate.nonce, candidate.ip, candidate.port);
  }

  #send(slot: number, nonce: Uint8Array, ip: number, port: number): void {
    const at = this.#crafts.room(probeBytes);
    if (at < 0) return;
    const base = slot * slotBytes;
    const made = encodeEchoRequest(this.#crafts.data, at, {
      source: this.#slots.subarray(base + slotAt.local, base + slotAt.local + 16),
      destination: this.#slots.subarray(base + slotAt.remote, base + slotAt.remote + 16),
      identifier: ((nonce[0] ?? 0) << 8) | (nonce[1] ?? 0),
      sequence: ((nonce[2] ?? 0) << 8) | (nonce[3] ?? 0),
      payload: nonce.subarray(4),
    });
    if (made > 0) this.#crafts.push(at, made, slot, ip, port);
  }
}
