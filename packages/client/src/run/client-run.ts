import { failure, type Ipv4Address, type MonotonicClock, type MonotonicMs, type Result, type WallSec } from "@tombolo/base";
import type { DropRecord, PlaneCounters, PlaneEvent } from "@tombolo/dataplane";
import { errorMessage } from "../failure/errors.ts";
import type { Failure } from "../failure/failure.ts";
import type { DefaultRoute } from "../platform/platform.ts";
import type { Effect, Input, Note, State, SupervisorOptions } from "../supervisor/state.ts";
import type { Damage } from "../platform/damage.ts";
import { pace, quickChecks, tickMs } from "../supervisor/pace.ts";
import { idle, makeSupervisor, type Supervise } from "../supervisor/step.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import type { HeartParts } from "./heart.ts";
import { Link, type LinkParts } from "./link.ts";

/** Everything around the supervisor; the program hands in the real ones and tests hand in twins. */
export interface ClientParts extends Omit<LinkParts, "onEvent" | "heart">, HeartParts {
  /** All of TIC: which tunnel, and its details. Settles soon after `signal` aborts. */
  login(signal: AbortSignal): Promise<Result<TunnelGrant, Failure>>;
  findSource(target: Ipv4Address): Promise<Ipv4Address | undefined>;
  readonly monotonic: MonotonicClock;
  readonly supervisor: SupervisorOptions;
  /** Whether beats and checks are on from the beginning. */
  readonly beating: boolean;
  onNote(note: RunNote): void;
}

/** What the supervisor tells, and what only the link knows. */
export type RunNote =
  | Note
  /** `outrankedBy`: a default route of another interface that wins over ours. */
  | {
      readonly kind: "configured";
      readonly grant: TunnelGrant;
      readonly device: string;
      readonly metric: number | undefined;
      readonly outrankedBy: DefaultRoute | undefined;
    }
  /** Another program took something from the device; `failure`: why it could not be put back, if so. */
  | { readonly kind: "repaired"; readonly device: string; readonly damage: readonly Damage[]; readonly failure: Failure | undefined }
  /** The setup script failed; the tunnel goes on. */
  | { readonly kind: "script-failed"; readonly script: string; readonly message: string };

/** A look at a running client, for `status`. */
export interface RunView {
  readonly state: State;
  readonly counters: PlaneCounters | undefined;
  readonly drops: readonly DropRecord[];
  /** Our own UDP port. */
  readonly port: number | undefined;
  /** See the note `configured`; kept up to date. */
  readonly outrankedBy: DefaultRoute | undefined;
  /** The last time that the device had lost something. */
  readonly repair: Repair | undefined;
}

export interface Repair {
  readonly at: WallSec;
  readonly damage: readonly Damage[];
  /** Why the device is damaged still. */
  readonly failure: Failure | undefined;
}

/** One run of `tombolo up`, from login to tear-down: carries the supervisor's effects out and tells it what came of them. */
export class ClientRun {
  readonly #parts: ClientParts;
  readonly #step: Supervise;
  readonly #link: Link;
  readonly #abort = new AbortController();
  readonly #done = Promise.withResolvers<Failure | undefined>();
  #state: State = idle;
  #beating: boolean;
  #inspectedAt: MonotonicMs | undefined;
  #repair: Repair | undefined;
  #outrankedBy: DefaultRoute | undefined;
  #timer: { readonly delayMs: number; readonly cancel: () => void } | undefined;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#step = makeSupervisor(parts.supervisor);
    const { device, defaultRouteMetric, platform, localIpv4 } = parts;
    this.#beating = parts.beating;
    this.#link = new Link({
      device,
      defaultRouteMetric,
      platform,
      localIpv4,
      heart: parts,
      openPlane: (options, onEvent) => parts.openPlane(options, onEvent),
      onEvent: (event) => this.#onPlane(event),
    });
    if (!this.#beating) this.#link.switchBeats(false);
  }

  /** Settles when everything is torn down: with why it ended, or with nothing when `stop` was called. Never rejects. */
  run(): Promise<Failure | undefined> {
    this.#give({ kind: "start" });
    return this.#done.promise;
  }

  stop(): void {
    this.#give({ kind: "stop" });
  }

  /** Beats and checks on, or off, the other way round than before (aiccu's SIGUSR1). */
  toggleBeats(): void {
    this.#beating = !this.#beating;
    this.#link.switchBeats(this.#beating);
    this.#give({ kind: "beating", on: this.#beating });
  }

  view(): RunView {
    return { state: this.#state, repair: this.#repair, outrankedBy: this.#outrankedBy, ...this.#link.view() };
  }

  #give(input: Input): void {
    const step = this.#step(this.#state, input, this.#parts.monotonic.nowMs());
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
    this.#schedule();
  }

  /** Keeps exactly one tick ahead; a wish for a sooner one replaces it. */
  #schedule(): void {
    const delayMs = tickDelayMs(this.#state);
    if (delayMs !== undefined && this.#timer !== undefined && this.#timer.delayMs <= delayMs) return;
    this.#timer?.cancel();
    this.#timer = delayMs === undefined ? undefined : { delayMs, cancel: this.#parts.after(delayMs, () => this.#background(this.#tick())) };
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "login":
        return this.#background(this.#login());
      case "open-link":
        return this.#background(this.#open(effect.grant));
      case "change-link":
        return this.#background(this.#change(effect.grant));
      case "check":
        return this.#link.check(effect.urgent);
      case "close-link":
        return this.#background(this.#close());
      case "note":
        return this.#parts.onNote(effect.note);
      case "finish":
        this.#abort.abort();
        return this.#done.resolve(effect.ending.failure);
    }
  }

  /** Nothing below is meant to throw; what does is our own bug, and ends the run with the link closed. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => this.#fail({ code: "internal", message: errorMessage(error) }));
  }

  #fail(reason: Failure): void {
    this.#give({ kind: this.#state.phase === "login" ? "refused" : "link-failed", failure: reason });
  }

  async #login(): Promise<void> {
    const granted = await this.#parts.login(this.#abort.signal);
    this.#give(granted.ok ? { kind: "granted", grant: granted.value } : { kind: "refused", failure: granted.reason });
  }

  async #open(grant: TunnelGrant): Promise<void> {
    const opened = await this.#link.open(grant);
    if (!opened.ok) return this.#give({ kind: "link-failed", failure: opened.reason });
    const { device, defaultRouteMetric: metric } = this.#parts;
    this.#outrankedBy = opened.value;
    this.#parts.onNote({ kind: "configured", grant, device, metric, outrankedBy: opened.value });
    const source = await this.#parts.findSource(grant.popIpv4);
    this.#give({ kind: "opened", source, beating: this.#beating });
  }

  async #change(grant: TunnelGrant): Promise<void> {
    const changed = await this.#link.change(grant);
    if (!changed.ok) this.#give({ kind: "link-failed", failure: changed.reason });
  }

  async #close(): Promise<void> {
    await this.#link.close().catch((error: unknown) => failure(errorMessage(error)));
    this.#give({ kind: "closed" });
  }

  async #tick(): Promise<void> {
    this.#timer = undefined;
    const source = this.#state.phase === "running" ? await this.#parts.findSource(this.#state.grant.popIpv4) : undefined;
    this.#give({ kind: "tick", wall: this.#parts.wall.nowSec(), source });
    const now = this.#parts.monotonic.nowMs();
    if (this.#state.phase !== "running" || now - (this.#inspectedAt ?? -pace.inspectMs) < pace.inspectMs) return;
    this.#inspectedAt = now;
    this.#background(this.#inspect());
  }

  /** The PoP's answers do not tell whether this host still sends its packets into the tunnel. */
  async #inspect(): Promise<void> {
    this.#outrankedBy = await this.#link.findOutranking();
    const found = await this.#link.inspect();
    if (this.#state.phase !== "running") return;
    const { device } = this.#parts;
    if (found.kind === "gone") return this.#give({ kind: "link-failed", failure: takenAway(device) });
    if (found.kind === "whole") {
      if (this.#repair?.failure !== undefined) this.#repair = { ...this.#repair, failure: undefined };
      return;
    }
    const trouble = found.kind === "damaged" ? found.failure : undefined;
    // What cannot be mended is said once.
    const isNew = trouble === undefined || this.#repair?.failure === undefined;
    this.#repair = { at: this.#parts.wall.nowSec(), damage: found.damage, failure: trouble };
    if (isNew) this.#parts.onNote({ kind: "repaired", device, damage: found.damage, failure: trouble });
  }

  /** Of a device that is gone the data plane knows an errno only. */
  async #explainFailure(message: string): Promise<void> {
    const { device, platform } = this.#parts;
    const isGone = (await platform.readLink(device)) === undefined;
    this.#give({ kind: "link-failed", failure: isGone ? takenAway(device) : { code: "plane-failed", message } });
  }

  #onPlane(event: PlaneEvent): void {
    switch (event.kind) {
      case "answered":
        return this.#give({ kind: "answered", rttMs: event.rttMs, wall: this.#parts.wall.nowSec() });
      case "clock-off":
        return this.#give({ kind: "clock-off", skewSec: event.skewSec });
      case "worker-failed":
        return this.#background(this.#explainFailure(event.message));
      // A client's far end is fixed: it never moves by what arrives. Pings and traces are a PoP's.
      case "endpoint":
      case "pong":
      case "trace":
        break;
    }
  }
}

function takenAway(device: string): Failure {
  return { code: "plane-failed", message: `the interface ${device} was taken away` };
}

/** Undefined: the state waits for nothing that time brings. */
function tickDelayMs(state: State): number | undefined {
  if (state.phase === "waiting") return tickMs.calm;
  if (state.phase !== "running") return undefined;
  const { unanswered } = state.health;
  return unanswered > 0 && unanswered <= quickChecks ? tickMs.quick : tickMs.calm;
}
