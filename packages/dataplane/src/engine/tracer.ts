import { wallSec, type WallSec } from "@tombolo/base";
import { dropReasons } from "../plane/drop-reasons.ts";
import type { TraceDecision } from "../plane/plane.ts";
import { carry, taken, type EngineReport } from "./state.ts";
import { summarize } from "./summary.ts";

/** What a worker tells of a traced packet; `ip` is 0 for what did not come from the network. */
export interface TraceReport {
  readonly kind: "trace";
  readonly slot: number;
  readonly at: WallSec;
  readonly direction: "in" | "out";
  readonly decision: TraceDecision;
  readonly reason: string | undefined;
  readonly ip: number;
  readonly port: number;
  readonly length: number;
  readonly summary: string;
}

/** One packet as the path sees it. */
export interface Traced {
  readonly slot: number;
  readonly data: Uint8Array;
  readonly at: number;
  readonly length: number;
}

interface Trace {
  readonly untilMs: number;
  second: number;
  shown: number;
}

/** A person reads along; more would be a flood in a terminal. */
export const tracesPerSec = 50;
/** Where the summary looks. */
const shownBytes = 128;

/** Tells each decision about the packets of tunnels under trace. While there are none, the packet path only looks at `active`. */
export class Tracer {
  active = false;
  readonly #report: (report: EngineReport) => void;
  readonly #traces = new Map<number, Trace>();
  #nowSec = 0;
  #nowMs = 0;

  constructor(report: (report: EngineReport) => void) {
    this.#report = report;
  }

  /** Until `seconds` from now; 0 ends it. */
  trace(slot: number, seconds: number, nowMs: number): void {
    if (seconds > 0) this.#traces.set(slot, { untilMs: nowMs + seconds * 1000, second: 0, shown: 0 });
    else this.#traces.delete(slot);
    this.active = this.#traces.size > 0;
  }

  /** Ends what is over. */
  setClocks(nowSec: number, nowMs: number): void {
    this.#nowSec = nowSec;
    this.#nowMs = nowMs;
    if (!this.active) return;
    for (const [slot, trace] of this.#traces) if (nowMs >= trace.untilMs) this.#traces.delete(slot);
    this.active = this.#traces.size > 0;
  }

  /** A datagram from the network; `refused` is `carry`, `taken` or a drop reason. */
  arrived(packet: Traced, refused: number, from: { readonly ip: number; readonly port: number; readonly isAyiya: boolean }): void {
    if (this.#mayShow(packet.slot)) this.#tell(packet, { direction: "in", refused, ...from });
  }

  /** A packet from the kernel. */
  routed(packet: Traced, refused: number): void {
    if (this.#mayShow(packet.slot)) this.#tell(packet, { direction: "out", refused, ip: 0, port: 0, isAyiya: false });
  }

  /** A packet of our own making. */
  made(packet: Traced): void {
    if (this.#mayShow(packet.slot)) this.#tell(packet, { direction: "out", refused: undefined, ip: 0, port: 0, isAyiya: false });
  }

  #mayShow(slot: number): boolean {
    const trace = this.#traces.get(slot);
    if (trace === undefined) return false;
    if (trace.second !== this.#nowSec) {
      trace.second = this.#nowSec;
      trace.shown = 0;
    }
    trace.shown += 1;
    return trace.shown <= tracesPerSec && this.#nowMs < trace.untilMs;
  }

  #tell(packet: Traced, about: { direction: "in" | "out"; refused: number | undefined; ip: number; port: number; isAyiya: boolean }): void {
    const { direction, refused, ip, port } = about;
    const isDropped = refused !== undefined && refused !== carry && refused !== taken;
    const decision = refused === undefined ? "made" : refused === carry ? "carried" : refused === taken ? "taken" : "dropped";
    this.#report({
      kind: "trace",
      slot: packet.slot,
      at: wallSec(this.#nowSec),
      direction,
      decision,
      reason: isDropped ? dropReasons[refused] : undefined,
      ip,
      port,
      length: packet.length,
      summary: summarize(packet.data.subarray(packet.at, packet.at + Math.min(packet.length, shownBytes)), about.isAyiya),
    });
  }
}
