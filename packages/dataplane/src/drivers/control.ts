import { wallSec, type MonotonicMs, type Random, type WallSec } from "@tombolo/base";
import { counter, CounterReader, type CounterMemory } from "../counters/counters.ts";
import { DropBook, mergeDrops } from "../counters/drop-book.ts";
import { PingBook } from "../counters/ping-book.ts";
import type { EngineCommand } from "../engine/command.ts";
import { socketKinds, type SocketKind } from "../engine/packet-io.ts";
import type { EngineReport } from "../engine/state.ts";
import { tracesPerSec, type TraceReport } from "../engine/tracer.ts";
import { dropReasons } from "../plane/drop-reasons.ts";
import type {
  DataPlane,
  DropRecord,
  PlaneCounters,
  PlaneEndpoint,
  PlaneEvent,
  PlaneLatency,
  PlaneOptions,
  PlaneTotals,
  PlaneTunnel,
} from "../plane/plane.ts";
import type { TableMemory } from "../table/memory.ts";
import { TableWriter } from "../table/writer.ts";
import { ToldEndpoints } from "./told.ts";

/** `id` is the tunnel that the worker saw in the slot; a slot may be given away while the report travels. */
export type WorkerReport = EngineReport & { readonly id: number };

export interface ControlSetup {
  readonly options: Pick<PlaneOptions, "role">;
  readonly table: TableMemory;
  readonly counters: CounterMemory;
  /** One a worker. */
  readonly dropBooks: readonly SharedArrayBuffer[];
  readonly pings: SharedArrayBuffer;
  readonly digest: (bytes: Uint8Array) => Uint8Array;
  readonly nowSec: () => WallSec;
  readonly nowMs: () => MonotonicMs;
  readonly random: Random;
  readonly onEvent: (event: PlaneEvent) => void;
  /** To one worker, or to all. */
  readonly post: (command: EngineCommand, to: "first" | "all") => void;
  /** Calls back every `everySec` until the returned function is called. */
  readonly repeat: (everySec: number, run: () => void) => () => void;
  readonly close: () => Promise<void>;
}

const longestTraceSec = 600;
const kindOf: Readonly<Record<PlaneTunnel["encapsulation"], SocketKind>> = { ayiya: "ayiya", "6in4": "proto41", udp: "udp" };

/** The control side that all drivers share: the one writer of the table, the readers of the counters, and the beats. */
export class PlaneControl implements DataPlane {
  readonly #setup: ControlSetup;
  readonly #writer: TableWriter;
  readonly #counters: CounterReader;
  readonly #dropBooks: readonly DropBook[];
  readonly #told: ToldEndpoints;
  readonly #pings: PingBook;
  readonly #beats = new Map<number, () => void>();
  /** Counters of tunnels that are gone, so that totals never run backwards. */
  readonly #gone = { inPackets: 0, inBytes: 0, outPackets: 0, outBytes: 0 };
  /** Traces of the present second, by tunnel. */
  readonly #shown = new Map<number, { readonly atSec: number; readonly count: number }>();
  #closing: Promise<void> | undefined;

  constructor(setup: ControlSetup) {
    this.#setup = setup;
    this.#writer = new TableWriter(setup.table, {
      role: setup.options.role,
      digest: setup.digest,
      socketOf: (encapsulation) => socketKinds.indexOf(kindOf[encapsulation]),
    });
    this.#counters = new CounterReader(setup.counters);
    this.#dropBooks = setup.dropBooks.map((memory) => new DropBook(memory));
    this.#pings = new PingBook(setup.pings);
    this.#told = new ToldEndpoints({ ...setup, writer: this.#writer, counters: this.#counters });
  }

  set(tunnel: PlaneTunnel): "set" | "full" {
    const isNew = this.#writer.slotOf(tunnel.id) < 0;
    const answer = this.#writer.set(tunnel);
    if (answer === "full") return answer;
    const slot = this.#writer.slotOf(tunnel.id);
    if (isNew) this.#counters.rebase(slot);
    this.#setTold(tunnel, slot);
    this.#beats.get(tunnel.id)?.();
    this.#beats.delete(tunnel.id);
    if (tunnel.beatSec > 0 && tunnel.enabled) {
      this.#setup.post({ kind: "beat", slot }, "first");
      this.#beats.set(
        tunnel.id,
        this.#setup.repeat(tunnel.beatSec, () => this.#setup.post({ kind: "beat", slot }, "first")),
      );
    }
    return answer;
  }

  #setTold(tunnel: PlaneTunnel, slot: number): void {
    if (!tunnel.enabled || tunnel.encapsulation === "ayiya") this.#told.forget(tunnel.id, slot);
    else if (!tunnel.endpointFixed) this.#told.unfix(tunnel.id, slot);
    else if (tunnel.proveFixed === true && tunnel.endpoint !== undefined) this.#told.proveFixed(tunnel.id, slot, tunnel.endpoint);
    else this.#told.forget(tunnel.id, slot);
  }

  remove(id: number): void {
    const slot = this.#writer.slotOf(id);
    if (slot < 0) return;
    this.#beats.get(id)?.();
    this.#beats.delete(id);
    this.#gone.inPackets += this.#counters.sum(slot, counter.inPackets);
    this.#gone.inBytes += this.#counters.sum(slot, counter.inBytes);
    this.#gone.outPackets += this.#counters.sum(slot, counter.outPackets);
    this.#gone.outBytes += this.#counters.sum(slot, counter.outBytes);
    this.#told.forget(id, slot);
    this.#shown.delete(id);
    this.#writer.remove(id);
    for (const book of this.#dropBooks) book.forget(slot);
    this.#pings.forget(slot);
    this.#setup.post({ kind: "forget", slot }, "all");
  }

  counters(id: number): PlaneCounters | undefined {
    const slot = this.#writer.slotOf(id);
    if (slot < 0) return undefined;
    const { endpoint, proven } = this.#writer.readEndpoint(slot);
    const lastSeenSec = this.#counters.newest(slot, counter.lastSeenSec);
    return {
      inPackets: this.#counters.sum(slot, counter.inPackets),
      inBytes: this.#counters.sum(slot, counter.inBytes),
      outPackets: this.#counters.sum(slot, counter.outPackets),
      outBytes: this.#counters.sum(slot, counter.outBytes),
      drops: this.#counters.sum(slot, counter.drops),
      lastSeenAt: lastSeenSec === 0 ? undefined : wallSec(lastSeenSec),
      endpoint,
      endpointProven: proven,
    };
  }

  drops(id: number): readonly DropRecord[] {
    const slot = this.#writer.slotOf(id);
    return slot < 0 ? [] : mergeDrops(this.#dropBooks.map((book) => book.read(slot)));
  }

  totals(): PlaneTotals {
    const sum = { ...this.#gone };
    for (const id of this.#writer.ids()) {
      const slot = this.#writer.slotOf(id);
      sum.inPackets += this.#counters.sum(slot, counter.inPackets);
      sum.inBytes += this.#counters.sum(slot, counter.inBytes);
      sum.outPackets += this.#counters.sum(slot, counter.outPackets);
      sum.outBytes += this.#counters.sum(slot, counter.outBytes);
    }
    const drops = Object.fromEntries(dropReasons.map((reason, i) => [reason, this.#counters.reason(i)]));
    return { ...sum, drops, tunnels: this.#writer.size };
  }

  check(id: number): void {
    const slot = this.#writer.slotOf(id);
    if (slot < 0) return;
    this.#setup.post({ kind: "beat", slot }, "first");
    // The kernel deals the answer to one of the workers that share the port, and only who asked knows it.
    this.#setup.post({ kind: "check", slot }, "all");
  }

  propose(id: number, endpoint: PlaneEndpoint, atSec: WallSec): void {
    const slot = this.#writer.slotOf(id);
    if (slot >= 0) this.#told.propose(id, slot, endpoint, atSec);
  }

  withdraw(id: number): void {
    const slot = this.#writer.slotOf(id);
    if (slot >= 0) this.#told.withdraw(id, slot);
  }

  ping(id: number): void {
    this.#ping([id], true);
  }

  pingMany(ids: readonly number[]): void {
    this.#ping(ids, false);
  }

  #ping(ids: readonly number[], pong: boolean): void {
    const slots = ids.map((id) => this.#writer.slotOf(id)).filter((slot) => slot >= 0);
    if (slots.length > 0) this.#setup.post({ kind: "ping", slots, pong }, "first");
  }

  latency(id: number): PlaneLatency | undefined {
    const slot = this.#writer.slotOf(id);
    const latency = slot < 0 ? undefined : this.#pings.take(slot, this.#setup.nowMs());
    return latency?.sent === 0 && latency.received === 0 ? undefined : latency;
  }

  trace(id: number, seconds: number): void {
    const slot = this.#writer.slotOf(id);
    if (slot < 0) return;
    const bounded = Math.min(Math.max(0, Math.trunc(seconds)), longestTraceSec);
    this.#setup.post({ kind: "trace", slot, seconds: bounded }, "all");
  }

  /** What a worker saw. Reports about a tunnel that is gone meanwhile end here. */
  take(report: WorkerReport): void {
    const { slot, id } = report;
    if (this.#writer.slotOf(id) !== slot) return;
    if (report.kind === "answered") this.#setup.onEvent({ kind: "answered", id, rttMs: report.rttMs });
    else if (report.kind === "pong") this.#setup.onEvent({ kind: "pong", id, rttMs: report.rttMs, sequence: report.sequence });
    else if (report.kind === "trace") this.#showTrace(id, report);
    else if (report.kind === "clock-off") this.#setup.onEvent({ kind: "clock-off", id, skewSec: report.skewSec });
    else this.#move(report);
  }

  /** Each worker keeps the rate by itself; here they are taken together. */
  #showTrace(id: number, report: TraceReport): void {
    const shown = this.#shown.get(id);
    const count = shown?.atSec === report.at ? shown.count + 1 : 1;
    if (count > tracesPerSec) return;
    this.#shown.set(id, { atSec: report.at, count });
    const { at, direction, decision, reason, ip, port, length, summary } = report;
    this.#setup.onEvent({
      kind: "trace",
      id,
      at,
      direction,
      decision,
      ...(reason !== undefined && { reason }),
      ...(ip !== 0 && { source: { ipv4: { family: 4, value: ip >>> 0 }, port } }),
      length,
      summary,
    });
  }

  #move(report: Extract<WorkerReport, { kind: "proven" | "candidate" }>): void {
    const proven = report.kind === "proven";
    const isTold = !this.#writer.isAyiya(report.slot);
    if (isTold && !this.#told.proven(report.id, report.slot, report.ip, report.port)) return;
    const endpoint = { ipv4: { family: 4 as const, value: report.ip >>> 0 }, port: report.port };
    const budgetBytes = report.kind === "candidate" ? report.budgetBytes : 0;
    this.#writer.setEndpoint(report.slot, endpoint, { proven, epochSec: report.epochSec, budgetBytes });
    if (proven) this.#setup.onEvent({ kind: "endpoint", id: report.id, endpoint, at: this.#setup.nowSec() });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  #shut(): Promise<void> {
    for (const stop of this.#beats.values()) stop();
    this.#beats.clear();
    this.#told.close();
    return this.#setup.close();
  }
}
