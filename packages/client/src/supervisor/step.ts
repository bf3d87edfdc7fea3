import { afterMs, type MonotonicMs } from "@tombolo/base";
import { patienceFor, type Failure } from "../failure/failure.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import { loginAfterMs } from "./pace.ts";
import { beginRunning, stepRunning } from "./running.ts";
import { clockJumpSec } from "./clocks.ts";
import type { Effect, Ending, Input, Reopen, State, Step, SupervisorOptions } from "./state.ts";

/** The whole course of `tombolo up` as a pure function of what happened and when; sockets, processes and timers are around it. */
export type Supervise = (state: State, input: Input, now: MonotonicMs) => Step;

export function makeSupervisor(options: SupervisorOptions): Supervise {
  return (state, input, now) => {
    switch (state.phase) {
      case "idle":
        return input.kind === "start" ? login(1) : stay(state, input);
      case "login":
        return stepLogin(state, input, { now, options });
      case "waiting":
        return stepWaiting(state, input, now);
      case "opening":
        return stepOpening(state, input, { now, options });
      case "running":
        return stepRunning(state, input, { now, options });
      case "closing":
        return stepClosing(state, input, { now, options });
      case "done":
        return { state, effects: [] };
    }
  };
}

export const idle: State = { phase: "idle" };

function login(attempt: number): Step {
  return { state: { phase: "login", attempt }, effects: [{ kind: "note", note: { kind: "login", attempt } }, { kind: "login" }] };
}

type Login = Extract<State, { phase: "login" }>;

function stepLogin(state: Login, input: Input, at: { now: MonotonicMs; options: SupervisorOptions }): Step {
  if (input.kind === "granted") return open(input.grant);
  if (input.kind !== "refused") return stay(state, input);
  const patience = patienceFor(input.failure);
  if (!at.options.keepTrying || patience === "never") return finish({ failure: input.failure });
  const waitMs = loginAfterMs(state.attempt, patience, at.options.spread);
  return wait({ attempt: state.attempt, failure: input.failure, grant: undefined }, waitMs, at.now);
}

function wait(what: Pick<Waiting, "attempt" | "failure" | "grant">, waitMs: number, now: MonotonicMs): Step {
  return {
    state: { phase: "waiting", ...what, until: afterMs(now, waitMs), clocks: undefined },
    effects: [{ kind: "note", note: { kind: "waiting", failure: what.failure, waitSec: Math.round(waitMs / 1000) } }],
  };
}

type Waiting = Extract<State, { phase: "waiting" }>;

function stepWaiting(state: Waiting, input: Input, now: MonotonicMs): Step {
  if (input.kind !== "tick") return stay(state, input);
  const clocks = { monotonic: now, wall: input.wall };
  // Somebody set this host's clock: what was wrong may be right now.
  const mended = state.failure.code === "clock-off" && clockJumpSec(state.clocks, clocks) !== undefined;
  if (!mended && now < state.until) return { state: { ...state, clocks }, effects: [] };
  if (state.grant === undefined) return login(state.attempt + 1);
  const { grant, attempt } = state;
  return { state: { phase: "opening", grant, attempt, ending: undefined }, effects: [{ kind: "open-link", grant }] };
}

function open(grant: TunnelGrant): Step {
  const effects: Effect[] = [
    { kind: "note", note: { kind: "granted", grant } },
    { kind: "open-link", grant },
  ];
  return { state: { phase: "opening", grant, attempt: 0, ending: undefined }, effects };
}

type Opening = Extract<State, { phase: "opening" }>;

function stepOpening(state: Opening, input: Input, at: { now: MonotonicMs; options: SupervisorOptions }): Step {
  switch (input.kind) {
    case "opened":
      return state.ending === undefined ? beginRunning(state.grant, input, at.now) : closeLink(state.ending);
    case "link-failed":
      // What ran once may run again; what never did is for a person to mend.
      if (at.options.keepTrying && input.failure.code !== "internal" && state.attempt > 0 && state.ending === undefined) {
        return closeLink({ failure: undefined }, { grant: state.grant, failure: input.failure, attempt: state.attempt + 1 });
      }
      return closeLink(state.ending ?? { failure: input.failure });
    // The link cannot be closed before it is open.
    case "stop":
      return { state: { ...state, ending: { failure: undefined } }, effects: [] };
    default:
      return { state, effects: [] };
  }
}

type Closing = Extract<State, { phase: "closing" }>;

function stepClosing(state: Closing, input: Input, at: { now: MonotonicMs; options: SupervisorOptions }): Step {
  const { reopen } = state;
  if (input.kind === "stop" && reopen !== undefined) return { state: { ...state, reopen: undefined }, effects: [] };
  if (input.kind !== "closed") return { state, effects: [] };
  // Only this host is asked, so that the wait may be short.
  return reopen === undefined ? finish(state.ending) : wait(reopen, loginAfterMs(reopen.attempt, "soon", at.options.spread), at.now);
}

/** What a state does with an input that it does not wait for: only `stop` means something everywhere. */
function stay(state: State, input: Input): Step {
  if (input.kind !== "stop") return { state, effects: [] };
  return finish({ failure: undefined });
}

function closeLink(ending: Ending, reopen?: Reopen): Step {
  return { state: { phase: "closing", ending, reopen }, effects: [{ kind: "close-link" }] };
}

function finish(ending: Ending): Step {
  return { state: { phase: "done", ending }, effects: [{ kind: "finish", ending }] };
}

/** For `status`: the failure that a state labours under, if any. */
export function failureOf(state: State): Failure | undefined {
  switch (state.phase) {
    case "waiting":
      return state.failure;
    case "running":
      return state.again.failure;
    case "closing":
      return state.reopen?.failure ?? state.ending.failure;
    case "done":
      return state.ending.failure;
    default:
      return undefined;
  }
}
