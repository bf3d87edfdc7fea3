import { afterMs, assert, encodeLatin1, unreachable, type MonotonicMs } from "@tombolo/base";
import { lineStart, splitLines } from "../lines/splitter.ts";
import type { SessionEffect, SessionInput, SessionStep } from "../session/session.ts";
import {
  ticClientLimits,
  type TicClientNote,
  type TicClientOptions,
  type TicClientStage,
  type TicClientState,
  type TicOutcome,
} from "./client-state.ts";
import { formatTicCommand, type TicCommand } from "./commands.ts";
import { md5Response } from "./login.ts";
import { parseReply, type TicStatusLine } from "./reply.ts";
import { parseRouteLine } from "./route.ts";
import { parseTunnelLine, parseTunnelShow, type TicTunnelLine } from "./tunnel.ts";
import { cleanText, type TicTunnelId } from "./values.ts";

type Effect = SessionEffect<never, TicClientNote>;
export type TicClientStep = SessionStep<TicClientState, never, TicClientNote>;

export function makeTicClient(nowMs: MonotonicMs): TicClientState {
  return {
    stage: "greeting",
    lines: lineStart,
    collected: undefined,
    shown: undefined,
    replyBy: afterMs(nowMs, ticClientLimits.replyMs),
    endsAt: afterMs(nowMs, ticClientLimits.sessionMs),
  };
}

/**
 * Our own client's end of a TIC connection: aiccu's order (greeting, client, unixtime, username, challenge, authenticate, list
 * when needed, show, quit) with `route list` before the end, one command at a time. Ends with exactly one `outcome` note.
 */
export function stepTicClient(
  options: TicClientOptions,
  state: TicClientState,
  input: SessionInput<never>,
  nowMs: MonotonicMs,
): TicClientStep {
  const { stage } = state;
  if (stage === "ended") return { state, effects: [] };
  const told = namedStage(stage);
  switch (input.kind) {
    case "start":
      return { state, effects: [deadlineOf(state)] };
    case "bytes":
      return takeBytes(options, state, input.bytes, nowMs);
    case "deadline":
      if (nowMs < state.replyBy && nowMs < state.endsAt) return { state, effects: [deadlineOf(state)] };
      return finish(state, { kind: "timed-out", stage: told }, "");
    case "closed":
      return {
        state: { ...state, stage: "ended" },
        effects: [{ kind: "deadline", at: undefined }, outcomeNote(keepShown(state, { kind: "closed-early", stage: told }))],
      };
    case "answer":
      return unreachable(input.answer);
    default:
      return unreachable(input);
  }
}

function takeBytes(options: TicClientOptions, begun: TicClientState, bytes: Uint8Array, nowMs: MonotonicMs): TicClientStep {
  const split = splitLines(begun.lines, bytes, ticClientLimits.lineBytes);
  let state: TicClientState = { ...begun, lines: split.state };
  const effects: Effect[] = [];
  for (const line of split.lines) {
    const { stage } = state;
    if (stage === "ended") break;
    const step = takeLine(options, { ...state, replyBy: afterMs(nowMs, ticClientLimits.replyMs) }, stage, line);
    state = step.state;
    effects.push(...step.effects);
  }
  const { stage } = state;
  if (stage === "ended") return { state, effects };
  if (split.fault === undefined) return { state, effects: [...effects, deadlineOf(state)] };
  const step = finish(state, { kind: "malformed", stage: namedStage(stage), what: "line-too-long" }, "");
  return { state: step.state, effects: [...effects, ...step.effects] };
}

function deadlineOf(state: TicClientState): Effect {
  return { kind: "deadline", at: state.replyBy < state.endsAt ? state.replyBy : state.endsAt };
}

function takeLine(options: TicClientOptions, state: TicClientState, stage: TicClientStage | "routes", line: string): TicClientStep {
  if (state.collected !== undefined) return collect(options, state, stage, line);
  const reply = parseReply(line);
  const told = namedStage(stage);
  if (!reply.ok) return finish(state, { kind: "malformed", stage: told, what: reply.reason }, "");
  const { code } = reply.value;
  if (code < 200 || code > 299) return refuse(state, told, reply.value);
  if (stage === "list" || stage === "show" || stage === "routes") {
    if (code !== 201) return finish(state, { kind: "malformed", stage: told, what: "not-a-list" }, "");
    return { state: { ...state, collected: [] }, effects: [] };
  }
  return next(options, state, stage, reply.value.text);
}

/** One line of success each, and the command that follows it. */
function next(
  options: TicClientOptions,
  state: TicClientState,
  stage: Exclude<TicClientStage, "list" | "show">,
  text: string,
): TicClientStep {
  switch (stage) {
    case "greeting":
      return say(state, "client", { kind: "client", identification: options.identification });
    case "client":
      return say(state, "unixtime", { kind: "get-unixtime" });
    case "unixtime":
      return compareClocks(options, state, text);
    case "username":
      return say(state, "challenge", { kind: "challenge", method: "md5" });
    case "challenge": {
      const response = md5Response(text, options.password, options.md5);
      return say(state, "authenticate", { kind: "authenticate", method: "md5", response });
    }
    case "authenticate": {
      const { wish } = options;
      const id = wish.kind === "show" ? (wish.id ?? options.username.tunnel) : undefined;
      return id === undefined ? say(state, "list", { kind: "tunnel-list" }) : show(state, id);
    }
  }
}

function compareClocks(options: TicClientOptions, state: TicClientState, text: string): TicClientStep {
  if (!/^\d{1,15}$/.test(text.trim())) return finish(state, { kind: "malformed", stage: "unixtime", what: "not-a-time" }, "");
  const skewSec = options.wallClock.nowSec() - Number(text);
  if (Math.abs(skewSec) > ticClientLimits.clockSkewSec) {
    return finish(state, { kind: "clock-off", skewSec }, `Aborting: Clock is off by ${Math.abs(skewSec)} seconds`);
  }
  return say(state, "username", { kind: "username", username: options.username });
}

function collect(options: TicClientOptions, state: TicClientState, stage: TicClientStage | "routes", line: string): TicClientStep {
  const collected = state.collected ?? [];
  if (!line.startsWith("202")) {
    if (collected.length === ticClientLimits.listLines) {
      return finish(state, { kind: "malformed", stage: namedStage(stage), what: "list-too-long" }, "");
    }
    return { state: { ...state, collected: [...collected, line] }, effects: [] };
  }
  const read = { ...state, collected: undefined };
  if (stage === "routes") return takeRoutes(read, collected);
  return stage === "list" ? takeList(options, read, collected) : takeShown(options, read, collected);
}

function takeList(options: TicClientOptions, state: TicClientState, lines: readonly string[]): TicClientStep {
  const tunnels: TicTunnelLine[] = [];
  for (const line of lines) {
    const tunnel = parseTunnelLine(line);
    if (!tunnel.ok) return finish(state, { kind: "malformed", stage: "list", what: tunnel.reason }, "");
    tunnels.push(tunnel.value);
  }
  if (options.wish.kind === "list") return finish(state, { kind: "tunnels", tunnels }, "");
  const [only] = tunnels;
  if (only === undefined) return finish(state, { kind: "no-tunnel" }, "");
  return tunnels.length > 1 ? finish(state, { kind: "several-tunnels", tunnels }, "") : show(state, only.id);
}

function takeShown(options: TicClientOptions, state: TicClientState, lines: readonly string[]): TicClientStep {
  const tunnel = parseTunnelShow(lines);
  if (!tunnel.ok) return finish(state, { kind: "malformed", stage: "show", what: tunnel.reason }, "");
  const { userState, adminState } = tunnel.value;
  const enabled = userState === "enabled" && adminState === "enabled";
  const wished = options.wish.kind === "show" ? options.wish.id : undefined;
  if (wished !== undefined && wished !== tunnel.value.id) {
    return finish(state, { kind: "malformed", stage: "show", what: "another-tunnel" }, "");
  }
  if (!enabled) return finish(state, { kind: "tunnel-disabled", tunnel: tunnel.value }, "");
  return say({ ...state, shown: tunnel.value }, "routes", { kind: "route-list" });
}

/** Other servers' lines may look different: one that is not understood is passed over. */
function takeRoutes(state: TicClientState, lines: readonly string[]): TicClientStep {
  const { shown } = state;
  assert(shown !== undefined, "routes are asked for once a tunnel was shown");
  const delegations = lines.flatMap((line) => {
    const route = parseRouteLine(line);
    return route.ok && route.value.tunnel === shown.id ? [route.value.prefix] : [];
  });
  return finish(state, { kind: "tunnel", tunnel: shown, delegations }, "");
}

function refuse(state: TicClientState, stage: TicClientStage, reply: TicStatusLine): TicClientStep {
  const text = cleanText(reply.text, 300);
  if (stage === "authenticate") return finish(state, { kind: "wrong-credentials", text }, "");
  // Only a PoP that is down and a failure of the broker begin with 5, and the text tells which.
  const down = stage === "show" && reply.code === 500 && /\bPoP\b.*\bdown\b/i.test(text);
  return finish(state, down ? { kind: "pop-down", text } : { kind: "refused", stage, text }, "");
}

function show(state: TicClientState, tunnel: TicTunnelId): TicClientStep {
  return say(state, "show", { kind: "tunnel-show", tunnel });
}

function say(state: TicClientState, stage: TicClientStage | "routes", command: TicCommand): TicClientStep {
  return { state: { ...state, stage }, effects: [{ kind: "send", bytes: lineOf(command) }] };
}

function finish(state: TicClientState, outcome: TicOutcome, farewell: string): TicClientStep {
  return {
    state: { ...state, stage: "ended", collected: undefined, lines: lineStart },
    effects: [
      { kind: "send", bytes: lineOf({ kind: "quit", text: farewell }) },
      { kind: "deadline", at: undefined },
      { kind: "close" },
      outcomeNote(keepShown(state, outcome)),
    ],
  };
}

/** Nothing that happens at "routes" is told, since the tunnel was shown by then. */
function namedStage(stage: TicClientStage | "routes"): TicClientStage {
  return stage === "routes" ? "show" : stage;
}

/** A server that knows no routes has still shown the tunnel: SixXS's answered 400. */
function keepShown(state: TicClientState, outcome: TicOutcome): TicOutcome {
  if (state.shown === undefined || outcome.kind === "tunnel") return outcome;
  return { kind: "tunnel", tunnel: state.shown, delegations: [] };
}

function outcomeNote(outcome: TicOutcome): Effect {
  return { kind: "note", note: { kind: "outcome", outcome } };
}

function lineOf(command: TicCommand): Uint8Array {
  return encodeLatin1(`${formatTicCommand(command)}\n`);
}
