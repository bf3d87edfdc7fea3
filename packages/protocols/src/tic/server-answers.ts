import { afterMs, assert, type MonotonicMs, type Result } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import { responseMatches } from "./login.ts";
import { formatPopShow, popNameIsValid } from "./pop.ts";
import { formatList, formatReply } from "./reply.ts";
import { formatRouteLine, formatRouteShow } from "./route.ts";
import {
  ticServerLimits,
  type TicAnswer,
  type TicLoginTry,
  type TicServerNote,
  type TicServerState,
  type TicWaiting,
} from "./server-state.ts";
import { formatRefusal } from "./status.ts";
import { formatTunnelLine, formatTunnelShow } from "./tunnel.ts";
import { formatTicUsername, type TicUsername } from "./values.ts";

type Open = Extract<TicWaiting, { kind: "answer" }>;

export type TicAnswerResult =
  | { readonly kind: "login-failed" }
  | {
      readonly kind: "say";
      readonly lines: readonly string[];
      readonly notes: readonly TicServerNote[];
      /** Set when the answer let somebody in. */
      readonly login?: TicUsername;
    };

export interface AnsweredSession {
  readonly md5: Digest;
  readonly secured: boolean;
}

/** Turns the answer to an open question into lines; a value that must not go out becomes a refusal and a note. */
export function answerReply(session: AnsweredSession, open: Open, answer: TicAnswer): TicAnswerResult {
  const { question } = open;
  if (answer.kind === "refused") return say([formatRefusal(answer.refusal, answer.detail, answer.about)]);
  assert(answer.kind === question.kind, "the answer is of the kind that was asked for");
  switch (answer.kind) {
    case "keys":
      assert(question.kind === "keys" && open.login !== undefined, "keys are asked for by a login");
      return login(session, question.username, { ...open.login, keys: answer.keys });
    case "tunnels": {
      assert(question.kind === "tunnels", "tunnels were asked for");
      const { username } = question;
      const visible = answer.tunnels.filter(({ id }) => username.tunnel === undefined || id === username.tunnel);
      const lines = visible.map((tunnel) => outgoing(tunnel.id, formatTunnelLine(tunnel)));
      return list({ title: "Listing tunnels", parts: lines, whatIfEmpty: "No tunnels" });
    }
    case "tunnel": {
      assert(question.kind === "tunnel" && answer.tunnel.id === question.id, "this tunnel was asked for");
      const shown = outgoing(question.id, formatTunnelShow(answer.tunnel));
      return show(`Showing tunnel information for ${question.id}`, shown);
    }
    case "pops": {
      const names = answer.names.map((name): Outgoing<string> => {
        return popNameIsValid(name) ? { value: name } : { note: { kind: "output-refused", object: name, field: "name" } };
      });
      return list({ title: "Listing PoPs", parts: names, whatIfEmpty: "No PoPs" });
    }
    case "pop":
      return show(`Showing PoP information for ${answer.pop.name}`, outgoing(answer.pop.name, formatPopShow(answer.pop)));
    case "routes": {
      assert(question.kind === "routes", "routes were asked for");
      const { username } = question;
      const visible = answer.routes.filter(({ tunnel }) => username.tunnel === undefined || tunnel === username.tunnel);
      return list({
        title: "Listing routes",
        parts: visible.map((route) => ({ value: formatRouteLine(route) })),
        whatIfEmpty: "No routes",
      });
    }
    case "route": {
      assert(question.kind === "route" && answer.route.id === question.id, "this route was asked for");
      const { username } = question;
      if (username.tunnel !== undefined && username.tunnel !== answer.route.tunnel) return say([formatRefusal("route-not-found")]);
      return show(`Showing route information for ${answer.route.id}`, { value: formatRouteShow(answer.route) });
    }
  }
}

function login(
  { md5, secured }: AnsweredSession,
  username: TicUsername,
  attempt: TicLoginTry & { readonly keys: readonly string[] },
): TicAnswerResult {
  if (!responseMatches(attempt, md5)) return { kind: "login-failed" };
  const text = `Successfully logged in using ${attempt.method} as ${formatTicUsername(username)}`;
  return { kind: "say", lines: [formatReply(200, text)], notes: [{ kind: "login", username, secured }], login: username };
}

/** Counts the failure and holds its reply back; the last one allowed ends the session. */
export function failedLogin(
  state: TicServerState,
  nowMs: MonotonicMs,
): { readonly state: TicServerState; readonly notes: readonly TicServerNote[] } {
  const { stage } = state;
  assert(stage.kind === "challenge", "a spent challenge leads back to this stage");
  const attempts = state.attempts + 1;
  const waiting = {
    kind: "delay" as const,
    untilMs: afterMs(nowMs, ticServerLimits.failureDelayMs * attempts),
    reply: formatReply(400, "Login failed, check the username and the access key"),
    ...(attempts >= ticServerLimits.attempts ? { end: "too-many-attempts" as const } : {}),
  };
  return {
    state: { ...state, attempts, waiting },
    notes: [{ kind: "login-failed", username: stage.username, attempt: attempts }],
  };
}

type Outgoing<T> = { readonly value: T } | { readonly note: TicServerNote };

function outgoing<T>(object: string, formatted: Result<T, string>): Outgoing<T> {
  if (formatted.ok) return { value: formatted.value };
  return { note: { kind: "output-refused", object, field: formatted.reason } };
}

/** What cannot be said is left out; the note tells our own people. */
function list(what: {
  readonly title: string;
  readonly parts: readonly Outgoing<string>[];
  readonly whatIfEmpty: string;
}): TicAnswerResult {
  const lines = what.parts.flatMap((part) => ("value" in part ? [part.value] : []));
  const notes = what.parts.flatMap((part) => ("note" in part ? [part.note] : []));
  const end = lines.length === 0 ? what.whatIfEmpty : "Done";
  return { kind: "say", lines: formatList({ title: what.title, lines, end }), notes };
}

function show(title: string, shown: Outgoing<readonly string[]>): TicAnswerResult {
  if ("note" in shown) return { kind: "say", lines: [formatRefusal("internal")], notes: [shown.note] };
  return say(formatList({ title, lines: shown.value, end: "Done" }));
}

function say(lines: readonly string[]): TicAnswerResult {
  return { kind: "say", lines, notes: [] };
}
