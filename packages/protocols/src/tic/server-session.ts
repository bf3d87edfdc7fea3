import { afterMs, assert, formatHex, unreachable, type MonotonicMs } from "@tombolo/base";
import { splitLines, lineStart } from "../lines/splitter.ts";
import type { SessionEffect, SessionInput, SessionStep } from "../session/session.ts";
import { answerReply, failedLogin } from "./server-answers.ts";
import { parseTicCommand, type TicCommand, type TicMethod } from "./commands.ts";
import { challengeBytes } from "./login.ts";
import { formatReply, paceLines } from "./reply.ts";
import {
  ticServerLimits,
  ticStages,
  type TicAnswer,
  type TicLoginTry,
  type TicQuestion,
  type TicServerEnd,
  type TicServerNote,
  type TicServerOptions,
  type TicServerState,
} from "./server-state.ts";
import { formatCommandFault, formatRefusal } from "./status.ts";
import { formatTicUsername, type TicUsername } from "./values.ts";

type Effect = SessionEffect<TicQuestion, TicServerNote>;
export type TicServerStep = SessionStep<TicServerState, TicQuestion, TicServerNote>;

/** A session before its `start`; every connection begins here. */
export function makeTicServer(nowMs: MonotonicMs): TicServerState {
  return {
    stage: { kind: "initial" },
    lines: lineStart,
    queue: [],
    waiting: undefined,
    attempts: 0,
    secured: false,
    idleAt: afterMs(nowMs, ticServerLimits.idleMs),
    endsAt: afterMs(nowMs, ticServerLimits.sessionMs),
  };
}

/** The broker's end of one TIC connection. */
export function stepTicServer(
  options: TicServerOptions,
  state: TicServerState,
  input: SessionInput<TicAnswer>,
  nowMs: MonotonicMs,
): TicServerStep {
  if (state.stage.kind === "ended") return { state, effects: [] };
  const step = drain(options, take(options, state, input, nowMs), nowMs);
  // First of all effects: a driver that answers an `ask` on the spot comes back in before it runs what follows.
  return step.state.stage.kind === "ended" ? step : { state: step.state, effects: [deadlineOf(step.state), ...step.effects] };
}

function deadlineOf(state: TicServerState): Effect {
  const delayed = state.waiting?.kind === "delay" ? state.waiting.untilMs : state.idleAt;
  return { kind: "deadline", at: [delayed, state.idleAt, state.endsAt].reduce((a, b) => (b < a ? b : a)) };
}

function take(options: TicServerOptions, state: TicServerState, input: SessionInput<TicAnswer>, nowMs: MonotonicMs): TicServerStep {
  switch (input.kind) {
    case "start":
      return greet(options, state);
    case "bytes":
      return readLines(state, input.bytes);
    case "answer":
      return takeAnswer(options, state, input.answer, nowMs);
    case "deadline":
      return takeDeadline(state, nowMs);
    case "closed":
      return { state: { ...state, stage: { kind: "ended" } }, effects: [ended("peer-closed")] };
    default:
      return unreachable(input);
  }
}

function greet(options: TicServerOptions, state: TicServerState): TicServerStep {
  const { turnAway } = options;
  if (turnAway?.at !== "greeting") return { state, effects: reply([formatReply(200, options.greeting)]) };
  return finish(state, "turned-away", formatRefusal(turnAway.refusal, turnAway.detail));
}

/** Puts the lines that came into the queue; `drain` works it off. */
function readLines(state: TicServerState, bytes: Uint8Array): TicServerStep {
  const split = splitLines(state.lines, bytes, ticServerLimits.lineBytes);
  if (split.fault !== undefined) return finish(state, "line-too-long", formatReply(400, "Line too long"));
  const queue = [...state.queue, ...split.lines.filter((line) => line.trim() !== "")];
  if (queue.length > ticServerLimits.queuedLines) {
    return finish(state, "too-many-commands", formatReply(400, "Too many commands at once"));
  }
  return { state: { ...state, lines: split.state, queue }, effects: [] };
}

/** Works off queued lines for as long as nothing has to be waited for. */
function drain(options: TicServerOptions, begun: TicServerStep, nowMs: MonotonicMs): TicServerStep {
  let { state } = begun;
  const effects = [...begun.effects];
  while (state.stage.kind !== "ended" && state.waiting === undefined) {
    const [line, ...queue] = state.queue;
    if (line === undefined) break;
    const step = takeLine(options, { ...state, queue, idleAt: afterMs(nowMs, ticServerLimits.idleMs) }, line, nowMs);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

function takeLine(options: TicServerOptions, state: TicServerState, line: string, nowMs: MonotonicMs): TicServerStep {
  const { stage } = state;
  if (stage.kind === "ended") return { state, effects: [] };
  const command = parseTicCommand(line);
  if (!command.ok) {
    return { state, effects: command.reason === "empty" ? [] : reply([formatCommandFault(command.reason)]) };
  }
  if (!ticStages[stage.kind].includes(command.value.kind)) {
    return { state, effects: reply([formatReply(400, `Not now, this session is at the stage "${stage.kind}"`)]) };
  }
  return obey(options, state, command.value, nowMs);
}

function obey(options: TicServerOptions, state: TicServerState, command: TicCommand, nowMs: MonotonicMs): TicServerStep {
  const say = (text: string): TicServerStep => ({ state, effects: reply([text]) });
  switch (command.kind) {
    case "client": {
      const note: Effect = { kind: "note", note: { kind: "client", identification: command.identification } };
      return { state, effects: [note, ...reply([formatReply(200, "Client Identity accepted")])] };
    }
    case "get-unixtime":
      return say(formatReply(200, options.wallClock.nowSec().toFixed(0)));
    case "starttls":
      return startTls(options, state);
    case "username":
      return takeUsername(options, state, command.username);
    case "challenge":
      return takeChallenge(options, state, command.method, nowMs);
    case "authenticate":
      return takeResponse(state, command, nowMs);
    case "quit":
      return finish(state, "quit", formatReply(200, "bye"));
    case "tunnel-list":
      return ask(state, { kind: "tunnels", username: usernameOf(state) });
    case "tunnel-show": {
      const username = usernameOf(state);
      const hidden = username.tunnel !== undefined && username.tunnel !== command.tunnel;
      if (hidden) return say(formatRefusal("tunnel-not-found"));
      if (options.showNeedsTls && !state.secured) return say(formatRefusal("tls-needed"));
      return ask(state, { kind: "tunnel", username, id: command.tunnel });
    }
    case "pop-list":
      return ask(state, { kind: "pops" });
    case "pop-show":
      return ask(state, { kind: "pop", name: command.pop });
    case "route-list":
      return ask(state, { kind: "routes", username: usernameOf(state) });
    case "route-show":
      return ask(state, { kind: "route", username: usernameOf(state), id: command.route });
    default:
      return unreachable(command);
  }
}

/**
 * aiccu goes on in clear when refused, and goes on with `username` after the handshake: no second greeting, no `client` again. What
 * came behind the command in clear is thrown away, for anybody on the way may have put it there.
 */
function startTls(options: TicServerOptions, state: TicServerState): TicServerStep {
  const refuse = (text: string): TicServerStep => ({ state, effects: reply([formatReply(400, text)]) });
  if (state.secured) return refuse("TLS is on already");
  if (!options.tls) return refuse("TLS is not available");
  return {
    state: { ...state, secured: true, queue: [], lines: lineStart },
    effects: [...reply([formatReply(200, "Go ahead with the TLS handshake")]), { kind: "starttls" }],
  };
}

/** The same reply to every well-formed name: whether it exists shows only at the end, and then not either. */
function takeUsername(options: TicServerOptions, state: TicServerState, username: TicUsername): TicServerStep {
  const { turnAway } = options;
  if (turnAway !== undefined) return finish(state, "turned-away", formatRefusal(turnAway.refusal, turnAway.detail));
  const text = `${formatTicUsername(username)} choose your authentication challenge please`;
  return { state: { ...state, stage: { kind: "challenge", username } }, effects: reply([formatReply(200, text)]) };
}

function takeChallenge(options: TicServerOptions, state: TicServerState, method: TicMethod, nowMs: MonotonicMs): TicServerStep {
  if (method === "cookie") return { state, effects: reply([formatReply(400, "Cookies are not used here, use md5")]) };
  if (method === "clear" && !state.secured) return { state, effects: reply([formatReply(400, "Not without TLS, use md5")]) };
  const challenge = method === "clear" ? "" : formatHex(options.random(challengeBytes));
  const expiresAt = afterMs(nowMs, ticServerLimits.challengeMs);
  return {
    state: { ...state, stage: { kind: "authenticate", username: usernameOf(state), method, challenge, expiresAt } },
    effects: reply([formatReply(200, method === "clear" ? "Send the access key" : challenge)]),
  };
}

/** A challenge is spent by whatever comes back, right or wrong. */
function takeResponse(
  state: TicServerState,
  command: { readonly method: TicMethod; readonly response: string },
  nowMs: MonotonicMs,
): TicServerStep {
  const { stage } = state;
  assert(stage.kind === "authenticate", "the stage table lets a response in only here");
  const { username, method, challenge } = stage;
  const spent: TicServerState = { ...state, stage: { kind: "challenge", username } };
  if (command.method !== method) return { state: spent, effects: reply([formatReply(400, "Not the method of the challenge")]) };
  if (nowMs >= stage.expiresAt) return { state: spent, effects: reply([formatReply(400, "The challenge has expired")]) };
  return ask(spent, { kind: "keys", username }, { method, challenge, response: command.response });
}

function usernameOf(state: TicServerState): TicUsername {
  assert(state.stage.kind !== "initial" && state.stage.kind !== "ended", "this stage knows its user");
  return state.stage.username;
}

function ask(state: TicServerState, question: TicQuestion, login?: TicLoginTry): TicServerStep {
  const waiting = login === undefined ? { kind: "answer" as const, question } : { kind: "answer" as const, question, login };
  return { state: { ...state, waiting }, effects: [{ kind: "ask", question }] };
}

function takeAnswer(options: TicServerOptions, state: TicServerState, answer: TicAnswer, nowMs: MonotonicMs): TicServerStep {
  const { waiting } = state;
  assert(waiting?.kind === "answer", "an answer comes to an open question");
  const idle = { ...state, waiting: undefined, idleAt: afterMs(nowMs, ticServerLimits.idleMs) };
  const result = answerReply({ md5: options.md5, secured: state.secured }, waiting, answer);
  if (result.kind === "login-failed") {
    const failed = failedLogin(idle, nowMs);
    return { state: failed.state, effects: failed.notes.map((note) => ({ kind: "note", note })) };
  }
  const notes: Effect[] = result.notes.map((note) => ({ kind: "note", note }));
  const stage = result.login === undefined ? state.stage : { kind: "logged-in" as const, username: result.login };
  return { state: { ...idle, stage }, effects: [...notes, ...reply(result.lines)] };
}

function takeDeadline(state: TicServerState, nowMs: MonotonicMs): TicServerStep {
  if (nowMs >= state.endsAt) return finish(state, "session-too-long", formatReply(400, "This session took too long"));
  const { waiting } = state;
  if (waiting?.kind === "delay" && nowMs >= waiting.untilMs) {
    const idle = { ...state, waiting: undefined, idleAt: afterMs(nowMs, ticServerLimits.idleMs) };
    if (waiting.end !== undefined) return finish(idle, waiting.end, waiting.reply);
    return { state: idle, effects: reply([waiting.reply]) };
  }
  if (nowMs >= state.idleAt) return finish(state, "idle", formatReply(400, "Nothing came for too long"));
  return { state, effects: [] };
}

function reply(lines: readonly string[]): Effect[] {
  return paceLines(lines).map((piece) => ({ kind: "send", ...piece }));
}

function finish(state: TicServerState, end: TicServerEnd, line: string): TicServerStep {
  return {
    state: { ...state, stage: { kind: "ended" }, queue: [], waiting: undefined, lines: lineStart },
    effects: [...reply([line]), { kind: "deadline", at: undefined }, { kind: "close" }, ended(end)],
  };
}

function ended(end: TicServerEnd): Effect {
  return { kind: "note", note: { kind: "ended", end } };
}
