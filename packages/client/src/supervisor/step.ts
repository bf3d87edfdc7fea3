import { afterMs, type MonotonicMs } from "@tombolo/base";
import { patienceFor, type Failure } from "../failure/failure.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import { loginAfterMs } from "./pace.ts";
import { beginRunning, stepRunning } from "./running.ts";
import { clockJumpSec } from "./clocks.ts";
import type { Effect, Ending, Input, State, Step, SupervisorOptions } from "./state.ts";

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
        return stepOpening(state, input, now);
      case "running":
        return stepRunning(state, input, { now, options });
      case "closing":
        return input.kind === "closed" ? finish(state.ending) : stay(state, input);
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
  return {
    state: { phase: "waiting", attempt: state.attempt, failure: input.failure, until: afterMs(at.now, waitMs), clocks: undefined },
    effects: [{ kind: "note", note: { kind: "waiting", failure: input.failure, waitSec: Math.round(waitMs / 1000) } }],
  };
}

type Waiting = Extract<State, { phase: "waiting" }>;

function stepWaiting(state: Waiting, input: Input, now: MonotonicMs): Step {
  if (input.kind !== "tick") return stay(state, input);
  const clocks = { monotonic: now, wall: input.wall };
  // Somebody set this host's clock: what was wrong may be right now.
  const mended = state.failure.code === "clock-off" && clockJumpSec(state.clocks, clocks) !== undefined;
  return mended || now >= state.until ? login(state.attempt + 1) : { state: { ...state, clocks }, effects: [] };
}

function open(grant: TunnelGrant): Step {
  const effects: Effect[] = [
    { kind: "note", note: { kind: "granted", grant } },
    { kind: "open-link", grant },
  ];
  return { state: { phase: "opening", grant, ending: undefined }, effects };
}

type Opening = Extract<State, { phase: "opening" }>;

function stepOpening(state: Opening, input: Input, now: MonotonicMs): Step {
  switch (input.kind) {
    case "opened":
      return state.ending === undefined ? beginRunning(state.grant, input, now) : closeLink(state.ending);
    case "link-failed":
      return closeLink(state.ending ?? { failure: input.failure });
    // The link cannot be closed before it is open.
    case "stop":
      return { state: { ...state, ending: { failure: undefined } }, effects: [] };
    default:
      return { state, effects: [] };
  }
}

/** What a state does with an input that it does not wait for: only `stop` means something everywhere. */
function stay(state: State, input: Input): Step {
  if (input.kind !== "stop" || state.phase === "closing") return { state, effects: [] };
  return finish({ failure: undefined });
}

function closeLink(ending: Ending): Step {
  return { state: { phase: "closing", ending }, effects: [{ kind: "close-link" }] };
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
    case "done":
      return state.ending.failure;
    default:
      return undefined;
  }
}
