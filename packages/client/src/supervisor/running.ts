import { afterMs, monotonicMs, type Ipv4Address, type MonotonicMs, type WallSec } from "@tombolo/base";
import { patienceFor, type Failure } from "../failure/failure.ts";
import { equalGrants, type TunnelGrant } from "../tic/grant.ts";
import { clockJumpSec } from "./clocks.ts";
import { isPrivateIpv4 } from "./private-address.ts";
import { loginAfterMs, pace, recheckAfterMs } from "./pace.ts";
import type { Effect, Input, Note, Running, Step, SupervisorOptions } from "./state.ts";

interface At {
  readonly now: MonotonicMs;
  readonly options: SupervisorOptions;
}

/** The link is open; nothing has answered yet. */
export function beginRunning(
  grant: TunnelGrant,
  { source, beating }: { readonly source: Ipv4Address | undefined; readonly beating: boolean },
  now: MonotonicMs,
): Step {
  const state: Running = {
    phase: "running",
    grant,
    openedAt: now,
    provenAt: undefined,
    health: { checkedAt: now, unanswered: beating ? 1 : 0, askingSince: now, answeredAt: undefined, rttMs: undefined, silent: false },
    again: { attempt: 0, underWay: false, notBefore: monotonicMs(0), failure: undefined },
    clocks: undefined,
    source,
    beating,
    skewSec: undefined,
  };
  if (!beating) return { state, effects: [note({ kind: "beating", on: false })] };
  return { state, effects: [note({ kind: "checking", grant }), { kind: "check", urgent: true }] };
}

export function stepRunning(state: Running, input: Input, at: At): Step {
  switch (input.kind) {
    case "answered":
      return answered(state, input, at.now);
    case "clock-off":
      return { state: { ...state, skewSec: input.skewSec }, effects: [] };
    case "tick":
      return tick(state, input, at);
    case "granted":
      return grantedAgain(state, input.grant, at);
    case "refused":
      return refusedAgain(state, input.failure, at);
    case "link-failed":
      // Our own bug would only come again.
      return at.options.keepTrying && input.failure.code !== "internal" ? closeToReopen(state.grant, input.failure) : close(input.failure);
    case "beating":
      return switchBeats(state, input.on, at.now);
    case "stop":
      return close(undefined);
    default:
      return { state, effects: [] };
  }
}

function answered(state: Running, input: { readonly rttMs: number; readonly wall: WallSec }, now: MonotonicMs): Step {
  const { health } = state;
  const effects: Effect[] = [];
  if (state.provenAt === undefined) effects.push(note({ kind: "proven", grant: state.grant, rttMs: input.rttMs }));
  else if (health.silent) {
    effects.push(note({ kind: "answers-again", silentSec: Math.round((now - health.askingSince) / 1000), rttMs: input.rttMs }));
  }
  // A tunnel that comes and goes must not log in each time anew: the back-off ends only when its time is over.
  const again = now >= state.again.notBefore && !state.again.underWay ? { ...state.again, attempt: 0, failure: undefined } : state.again;
  return {
    state: {
      ...state,
      provenAt: state.provenAt ?? input.wall,
      health: { ...health, unanswered: 0, answeredAt: input.wall, rttMs: input.rttMs, silent: false },
      again,
      skewSec: undefined,
    },
    effects,
  };
}

function tick(before: Running, input: { readonly wall: WallSec; readonly source: Ipv4Address | undefined }, at: At): Step {
  const { now } = at;
  const clocks = { monotonic: now, wall: input.wall };
  const jumpSec = clockJumpSec(before.clocks, clocks);
  const moved = before.source?.value !== input.source?.value;
  const effects: Effect[] = [];
  if (jumpSec !== undefined) effects.push(note({ kind: "clock-jumped", bySec: jumpSec }));
  if (moved) effects.push(note({ kind: "moved", from: before.source, to: input.source }));
  let state: Running = { ...before, clocks, source: input.source };
  if (!state.beating) return { state, effects };

  if (state.provenAt === undefined && !at.options.keepTrying && now - state.openedAt >= pace.proveMs)
    return close(reasonOfSilence(state, now));
  // Without a route to the PoP there is nothing to ask; the first tick that has one again asks at once, because that is a move.
  if (input.source !== undefined) {
    state = check(state, { now, atOnce: moved || jumpSec !== undefined }, effects);
    state = noticeSilence(state, now, effects);
    state = askAgain(state, now, effects);
  }
  return { state, effects };
}

/** Sends a check when it is due, or at once, which also begins the quick pace anew. */
function check(state: Running, due: { readonly now: MonotonicMs; readonly atOnce: boolean }, effects: Effect[]): Running {
  const { health } = state;
  const waitMs = health.unanswered === 0 ? pace.checkMs : recheckAfterMs(health.unanswered);
  if (!due.atOnce && due.now - health.checkedAt < waitMs) return state;
  effects.push({ kind: "check", urgent: due.atOnce || health.unanswered > 0 });
  const askingSince = health.unanswered === 0 ? due.now : health.askingSince;
  const unanswered = due.atOnce ? 1 : health.unanswered + 1;
  return { ...state, health: { ...health, checkedAt: due.now, unanswered, askingSince } };
}

/** What was asked before does not count: nobody listened for the answers. */
function switchBeats(state: Running, on: boolean, now: MonotonicMs): Step {
  if (on === state.beating) return { state, effects: [] };
  const health = { ...state.health, checkedAt: now, askingSince: now, unanswered: on ? 1 : 0, silent: false };
  const effects: Effect[] = [note({ kind: "beating", on })];
  if (on) effects.push({ kind: "check", urgent: true });
  return { state: { ...state, beating: on, openedAt: now, health }, effects };
}

function noticeSilence(state: Running, now: MonotonicMs, effects: Effect[]): Running {
  const { health } = state;
  const limitMs = state.provenAt === undefined ? pace.proveMs : pace.silentMs;
  if (health.silent || health.unanswered === 0 || now - health.askingSince < limitMs) return state;
  effects.push(note({ kind: "silent", grant: state.grant, skewSec: state.skewSec }));
  return { ...state, health: { ...health, silent: true } };
}

/** After a long silence the broker may know better: the PoP moved or is down, the tunnel was switched off, the secret renewed. */
function askAgain(state: Running, now: MonotonicMs, effects: Effect[]): Running {
  const { health, again } = state;
  if (health.unanswered === 0 || now - health.askingSince < pace.askAgainMs || again.underWay || now < again.notBefore) return state;
  effects.push(note({ kind: "asks-again" }), { kind: "login" });
  return { ...state, again: { ...again, attempt: again.attempt + 1, underWay: true } };
}

function grantedAgain(state: Running, grant: TunnelGrant, at: At): Step {
  const notBefore = afterMs(at.now, loginAfterMs(state.again.attempt, "later", at.options.spread));
  const again = { ...state.again, underWay: false, notBefore, failure: undefined };
  if (equalGrants(grant, state.grant)) return { state: { ...state, again }, effects: [note({ kind: "unchanged" })] };
  const effects: Effect[] = [note({ kind: "changed", grant }), { kind: "change-link", grant, before: state.grant }];
  return { state: check({ ...state, grant, again }, { now: at.now, atOnce: true }, effects), effects };
}

function refusedAgain(state: Running, refused: Failure, at: At): Step {
  const silentSec = Math.round((at.now - state.health.askingSince) / 1000);
  const failure = refused.code === "pop-down" ? { ...refused, pop: state.grant.pop, silentSec } : refused;
  const patience = patienceFor(failure);
  if (patience === "never" || (patience === "rarely" && !at.options.keepTrying)) return close(failure);
  const waitMs = loginAfterMs(state.again.attempt, patience, at.options.spread);
  const again = { ...state.again, underWay: false, notBefore: afterMs(at.now, waitMs), failure };
  return { state: { ...state, again }, effects: [note({ kind: "waiting", failure, waitSec: Math.round(waitMs / 1000) })] };
}

function reasonOfSilence(state: Running, now: MonotonicMs): Failure {
  if (state.skewSec !== undefined) return { code: "clock-off", skewSec: state.skewSec, said: `PoP ${state.grant.pop}'s` };
  return {
    code: "unanswered",
    pop: state.grant.pop,
    type: state.grant.type,
    ipv4: state.grant.popIpv4,
    seconds: Math.round((now - state.openedAt) / 1000),
    routed: state.source !== undefined,
    privateSource: state.source === undefined || !isPrivateIpv4(state.source) ? undefined : state.source,
    expectedSource: findExpectedSource(state),
  };
}

/** Where the broker has another address for a static tunnel than the one our packets leave with. */
function findExpectedSource({ grant, source }: Running): Ipv4Address | undefined {
  const { ipv4Endpoint } = grant;
  return typeof ipv4Endpoint === "string" || source === undefined || ipv4Endpoint.value === source.value ? undefined : ipv4Endpoint;
}

/** The interface went, or its packet path: a service that keeps trying makes it anew. */
function closeToReopen(grant: TunnelGrant, failure: Failure): Step {
  const reopen = { grant, failure, attempt: 1 };
  return { state: { phase: "closing", ending: { failure: undefined }, reopen }, effects: [{ kind: "close-link" }] };
}

function close(failure: Failure | undefined): Step {
  return {
    state: { phase: "closing", ending: { failure }, reopen: undefined },
    effects: [note({ kind: "stopping" }), { kind: "close-link" }],
  };
}

function note(value: Note): Effect {
  return { kind: "note", note: value };
}
