import type { Random } from "@tombolo/base";
import { counter, counterFields } from "../counters/counters.ts";
import type { DropBook } from "../counters/drop-book.ts";
import type { PingBook } from "../counters/ping-book.ts";
import { slotFlags } from "../native/layout.ts";
import { dropIndex, type DropReason } from "../plane/drop-reasons.ts";
import type { TableReader } from "../table/reader.ts";
import type { PacketIo } from "./packet-io.ts";
import type { Tracer, TraceReport } from "./tracer.ts";

/** What a check answers besides a drop reason: go on with the packet, or it was answered or used up here. */
export const carry = -1;
export const taken = -2;

/** IPv4, UDP and AYIYA: the most that an encapsulation adds to a packet. */
export const mostOverheadBytes = 72;

/** What a worker tells the control thread; it decides nothing that others must know by itself. */
export type EngineReport =
  /** The far end of the slot's tunnel answered a nonce from there. */
  | { readonly kind: "proven"; readonly slot: number; readonly ip: number; readonly port: number; readonly epochSec: number }
  /** The old endpoint is silent: traffic may follow at once, capped at `budgetBytes` until proven. */
  | {
      readonly kind: "candidate";
      readonly slot: number;
      readonly ip: number;
      readonly port: number;
      readonly epochSec: number;
      readonly budgetBytes: number;
    }
  | { readonly kind: "answered"; readonly slot: number; readonly rttMs: number }
  | { readonly kind: "pong"; readonly slot: number; readonly rttMs: number; readonly sequence: number }
  | { readonly kind: "clock-off"; readonly slot: number; readonly skewSec: number }
  | TraceReport;

export interface EngineSetup {
  readonly role: "pop" | "client";
  readonly io: PacketIo;
  readonly table: TableReader;
  /** Where the sockets are bound; 0 for anywhere. */
  readonly outerIp: number;
  /** This worker's block of counter memory. */
  readonly counters: Float64Array;
  readonly reasons: Float64Array;
  readonly drops: DropBook;
  /** Shared by all workers. */
  readonly pings: PingBook;
  /** The newest of a counter field over all workers; only asked off the fast path. */
  readonly newest: (slot: number, field: number) => number;
  readonly random: Random;
  readonly report: (report: EngineReport) => void;
}

/** What the parts of one worker's engine share. The clocks are read once a turn. */
export class EngineState {
  readonly role: "pop" | "client";
  readonly io: PacketIo;
  readonly table: TableReader;
  readonly newest: EngineSetup["newest"];
  readonly random: Random;
  readonly report: EngineSetup["report"];
  readonly tracer: Tracer;
  nowSec = 0;
  nowMs = 0;
  /** Wall clock of the first turn: nothing can be said of a time before it. */
  startedSec = 0;
  readonly #counters: Float64Array;
  readonly #reasons: Float64Array;
  readonly #drops: DropBook;

  constructor(setup: EngineSetup, tracer: Tracer) {
    this.tracer = tracer;
    this.role = setup.role;
    this.io = setup.io;
    this.table = setup.table;
    this.newest = setup.newest;
    this.random = setup.random;
    this.report = setup.report;
    this.#counters = setup.counters;
    this.#reasons = setup.reasons;
    this.#drops = setup.drops;
  }

  setClocks(nowSec: number, nowMs: number): void {
    if (this.startedSec === 0) this.startedSec = nowSec;
    this.nowSec = nowSec;
    this.nowMs = nowMs;
    this.tracer.setClocks(nowSec, nowMs);
  }

  /**
   * Whether `bytes` on the wire may go to the slot's endpoint just now: to a proven one any number, to another what its
   * budget holds, which they are taken from.
   */
  mayReach(slot: number, bytes: number): boolean {
    const { table } = this;
    table.readEndpoint(slot);
    const flags = table.endpointFlags;
    if ((flags & slotFlags.enabled) === 0 || (flags & slotFlags.hasEndpoint) === 0) return false;
    return (flags & slotFlags.proven) !== 0 || table.takeBudget(slot, bytes);
  }

  /** What this worker remembers of the slot's old tunnel must not judge its next one. */
  forget(slot: number): void {
    for (const field of [counter.lastSeenSec, counter.lastFromEndpointSec, counter.lastEpochSec]) this.mark(slot, field, 0);
  }

  count(slot: number, field: number, by: number): void {
    const at = slot * counterFields + field;
    this.#counters[at] = (this.#counters[at] ?? 0) + by;
  }

  /** For the time fields. */
  mark(slot: number, field: number, value: number): void {
    this.#counters[slot * counterFields + field] = value;
  }

  /** For a time field that only moves on. */
  raise(slot: number, field: number, value: number): void {
    const at = slot * counterFields + field;
    if (value > (this.#counters[at] ?? 0)) this.#counters[at] = value;
  }

  /** A drop that no tunnel can be blamed for: unknown, or not yet proven to be the tunnel's own. */
  dropUnclaimed(reason: number, packets = 1): void {
    this.#reasons[reason] = (this.#reasons[reason] ?? 0) + packets;
  }

  /** A drop on a tunnel's account; `ip` and `port` are 0 where the packet came from the kernel. */
  drop(slot: number, reason: number, data: Uint8Array, at: number, length: number, ip: number, port: number): void {
    this.dropUnclaimed(reason);
    this.count(slot, counter.drops, 1);
    this.#drops.note(slot, reason, this.nowSec, data, at, length, ip, port);
  }
}

/** Numbers of drop reasons, resolved once so that the packet path looks nothing up. */
export const reasonOf: Readonly<Record<CamelReason, number>> = {
  short: dropIndex("short"),
  ayiyaHeader: dropIndex("ayiya-header"),
  ayiyaOpcode: dropIndex("ayiya-opcode"),
  unknownTunnel: dropIndex("unknown-tunnel"),
  tunnelDisabled: dropIndex("tunnel-disabled"),
  wrongEncapsulation: dropIndex("wrong-encapsulation"),
  clockOff: dropIndex("clock-off"),
  unprovenRate: dropIndex("unproven-rate"),
  badSignature: dropIndex("bad-signature"),
  wrongEndpoint: dropIndex("wrong-endpoint"),
  replayed: dropIndex("replayed"),
  notIpv6: dropIndex("not-ipv6"),
  innerLength: dropIndex("inner-length"),
  linkLocal: dropIndex("link-local"),
  bogusSource: dropIndex("bogus-source"),
  bogusDestination: dropIndex("bogus-destination"),
  wrongSource: dropIndex("wrong-source"),
  routingHeader: dropIndex("routing-header"),
  unaskedReply: dropIndex("unasked-reply"),
  localPort: dropIndex("local-port"),
  hopLimit: dropIndex("hop-limit"),
  noHost: dropIndex("no-host"),
  sameInterface: dropIndex("same-interface"),
  ecn: dropIndex("ecn"),
  noTunnel: dropIndex("no-tunnel"),
  tunnelDown: dropIndex("tunnel-down"),
  tooBig: dropIndex("too-big"),
  unprovenBudget: dropIndex("unproven-budget"),
  sendError: dropIndex("send-error"),
  pathError: dropIndex("path-error"),
  kernelRefused: dropIndex("kernel-refused"),
};

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
type CamelReason = Camel<DropReason>;
