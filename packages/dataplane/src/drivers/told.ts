import { monotonicMs, type MonotonicMs, type Random, type WallSec } from "@tombolo/base";
import { counter, type CounterReader } from "../counters/counters.ts";
import type { EngineCommand } from "../engine/command.ts";
import { nonceBytes, silentSec, unprovenFactor } from "../engine/prover.ts";
import { encapsulations, slotAt, slotFlags } from "../native/layout.ts";
import type { PlaneEndpoint } from "../plane/plane.ts";
import type { TableWriter } from "../table/writer.ts";

/**
 * Endpoints that something beside the tunnel tells: a heartbeat's source, or a configured address that must answer before it is
 * used. The schedule lives here; a worker sends the question, and whichever worker hears the answer reports it.
 */
export interface ToldSetup {
  readonly writer: TableWriter;
  readonly counters: CounterReader;
  readonly random: Random;
  readonly nowSec: () => WallSec;
  readonly nowMs: () => MonotonicMs;
  readonly post: (command: EngineCommand, to: "first" | "all") => void;
  readonly repeat: (everySec: number, run: () => void) => () => void;
}

interface Pending {
  readonly slot: number;
  readonly endpoint: PlaneEndpoint;
  atSec: number;
  asked: number;
  dueMs: number;
}

interface History {
  /** Wall clock of the last message from the present endpoint. */
  heardSec: number;
  /** The newest time that such a message told; 0 for none. */
  newestSec: number;
  movedMs: number;
}

/** Heartbeat sheet section 7. */
const betweenMovesMs = 10_000;
/** The least that a message can weigh on the wire: an IPv4 and UDP header, and a heartbeat's text. */
const messageBytes = 85;
/** A question as protocol 41 or UDP carry it. */
const questionBytes = 84;
/** With `questionBytes` each, less than three times a message. */
const asksPerMessage = 2;
const askAgainMs = 3000;
const messageBudgetBytes = unprovenFactor * messageBytes - asksPerMessage * questionBytes;
const slowestAskMs = 60_000;

export class ToldEndpoints {
  readonly #setup: ToldSetup;
  readonly #startedSec: number;
  readonly #pending = new Map<number, Pending>();
  readonly #histories = new Map<number, History>();
  /** The tunnels whose configured endpoint must answer before it is used. */
  readonly #fixed = new Map<number, PlaneEndpoint>();
  #stop: (() => void) | undefined;

  constructor(setup: ToldSetup) {
    this.#setup = setup;
    this.#startedSec = setup.nowSec();
  }

  propose(id: number, slot: number, told: PlaneEndpoint, atSec: WallSec): void {
    const { writer, nowSec, nowMs } = this.#setup;
    const flags = writer.word(slot, slotAt.flags);
    const encapsulation = writer.word(slot, slotAt.encapsulation);
    if (encapsulation === encapsulations.ayiya || (flags & slotFlags.fixed) !== 0 || (flags & slotFlags.enabled) === 0) return;
    const endpoint = encapsulation === encapsulations.proto41 ? { ipv4: told.ipv4, port: 0 } : told;
    const history = this.#historyOf(id);
    const pending = this.#pending.get(id);
    const { endpoint: present, proven } = writer.readEndpoint(slot);
    if (present !== undefined && sameEndpoint(present, endpoint)) {
      history.heardSec = nowSec();
      if (history.newestSec === 0 || isNewer(atSec, history.newestSec)) history.newestSec = atSec;
      // It was elsewhere for a moment, or somebody said so; the newer message counts.
      if (pending !== undefined && !sameEndpoint(pending.endpoint, endpoint) && isNewer(atSec, pending.atSec)) this.#drop(id, slot);
      if (!proven && isNewer(atSec, writer.word(slot, slotAt.moveEpochSec))) this.#renew(id, slot, endpoint, atSec);
      return;
    }
    const movedAtSec = writer.word(slot, slotAt.moveEpochSec);
    if (movedAtSec !== 0 && !isNewer(atSec, movedAtSec)) return;
    // A copy of what the present endpoint said: whoever plays it elsewhere could answer there, too, since nothing is signed.
    if (history.newestSec !== 0 && !isNewer(atSec, history.newestSec)) return;
    if (pending !== undefined && !isNewer(atSec, pending.atSec)) return;
    const mayMoveMs = history.movedMs + betweenMovesMs;
    if (this.#isSilent(slot, present, history) && mayMoveMs <= nowMs()) {
      writer.setEndpoint(slot, endpoint, { proven: false, epochSec: atSec, budgetBytes: messageBudgetBytes });
      history.heardSec = nowSec();
      history.movedMs = nowMs();
    }
    this.#begin(id, { slot, endpoint, atSec, asked: 0, dueMs: Math.max(mayMoveMs, nowMs()) });
  }

  /** A fixed endpoint that must answer first: asked at once, then ever more slowly, for as long as it takes. */
  proveFixed(id: number, slot: number, endpoint: PlaneEndpoint): void {
    this.#fixed.set(id, endpoint);
    const pending = this.#pending.get(id);
    const { endpoint: present } = this.#setup.writer.readEndpoint(slot);
    if (present !== undefined || (pending?.slot === slot && sameEndpoint(pending.endpoint, endpoint))) return;
    this.#begin(id, { slot, endpoint, atSec: 0, asked: 0, dueMs: this.#setup.nowMs() });
  }

  withdraw(id: number, slot: number): void {
    const { writer, nowMs } = this.#setup;
    writer.clearEndpoint(slot);
    this.#drop(id, slot);
    const endpoint = this.#fixed.get(id);
    const slow = Math.ceil(Math.log2(slowestAskMs / 1000));
    if (endpoint !== undefined) this.#begin(id, { slot, endpoint, atSec: 0, asked: slow, dueMs: nowMs() + slowestAskMs });
  }

  /** The endpoint is not configured any more; what was told by messages stays. */
  unfix(id: number, slot: number): void {
    if (this.#fixed.delete(id)) this.#drop(id, slot);
  }

  /** The tunnel is gone, off, or reached in another way. */
  forget(id: number, slot: number): void {
    this.#drop(id, slot);
    this.#fixed.delete(id);
    this.#histories.delete(id);
  }

  /** The endpoint answered: true when it is the one that was asked, which moves the tunnel. */
  proven(id: number, slot: number, ip: number, port: number): boolean {
    const { writer, nowMs } = this.#setup;
    const pending = this.#pending.get(id);
    if (pending?.slot !== slot || pending.endpoint.ipv4.value !== ip >>> 0 || pending.endpoint.port !== port) return false;
    const { endpoint: present } = writer.readEndpoint(slot);
    const history = this.#historyOf(id);
    if (present === undefined || !sameEndpoint(present, pending.endpoint)) history.movedMs = nowMs();
    history.heardSec = this.#setup.nowSec();
    this.#drop(id, slot);
    return true;
  }

  close(): void {
    this.#pending.clear();
    this.#rest();
  }

  /** Another message from an endpoint that has not answered yet: it is worth as many bytes and questions again. */
  #renew(id: number, slot: number, endpoint: PlaneEndpoint, atSec: number): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined && !isNewer(atSec, pending.atSec)) return;
    this.#setup.writer.addBudget(slot, messageBudgetBytes);
    this.#begin(id, { slot, endpoint, atSec, asked: 0, dueMs: this.#setup.nowMs() });
  }

  #isSilent(slot: number, present: PlaneEndpoint | undefined, history: History): boolean {
    if (present === undefined) return true;
    const heardSec = Math.max(this.#startedSec, history.heardSec, this.#setup.counters.newest(slot, counter.lastFromEndpointSec));
    return this.#setup.nowSec() - heardSec >= silentSec;
  }

  #begin(id: number, pending: Pending): void {
    const { post, random, nowMs, repeat } = this.#setup;
    const { slot, endpoint, atSec } = pending;
    this.#pending.set(id, pending);
    const nonce = random(nonceBytes);
    post({ kind: "expect", slot, ip: endpoint.ipv4.value, port: endpoint.port, epochSec: atSec, nonce }, "all");
    this.#stop ??= repeat(1, () => this.#tick());
    if (pending.dueMs > nowMs()) return;
    post({ kind: "ask", slots: [slot] }, "first");
    this.#asked(id, pending);
  }

  #tick(): void {
    const nowMs = this.#setup.nowMs();
    const slots: number[] = [];
    for (const [id, pending] of this.#pending) {
      if (pending.dueMs > nowMs) continue;
      if (pending.asked >= asksPerMessage && !this.#fixed.has(id)) {
        this.#drop(id, pending.slot);
        continue;
      }
      slots.push(pending.slot);
      this.#asked(id, pending);
    }
    if (slots.length > 0) this.#setup.post({ kind: "ask", slots }, "first");
    if (this.#pending.size === 0) this.#rest();
  }

  #asked(id: number, pending: Pending): void {
    pending.dueMs = this.#setup.nowMs() + (this.#fixed.has(id) ? Math.min(1000 * 2 ** pending.asked, slowestAskMs) : askAgainMs);
    pending.asked = Math.min(pending.asked + 1, 16);
  }

  #drop(id: number, slot: number): void {
    if (this.#pending.delete(id)) this.#setup.post({ kind: "settled", slot }, "all");
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #historyOf(id: number): History {
    let history = this.#histories.get(id);
    if (history === undefined) {
      history = { heardSec: 0, newestSec: 0, movedMs: monotonicMs(this.#setup.nowMs() - betweenMovesMs) };
      this.#histories.set(id, history);
    }
    return history;
  }
}

function sameEndpoint(a: PlaneEndpoint, b: PlaneEndpoint): boolean {
  return a.ipv4.value === b.ipv4.value && a.port === b.port;
}

/** Of two 32-bit times. */
function isNewer(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}
