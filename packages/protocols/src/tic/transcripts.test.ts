import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLatin1, encodeLatin1, formatPrefix, monotonicMs, parseHex, wallSec, type MonotonicMs, type WallClock } from "@tombolo/base";
import { answerFromHouse, makeTicHouse, md5, parseTranscript, readVectors, type Transcript } from "@tombolo/testkit";
import type { SessionInput, SessionStep } from "../session/session.ts";
import { makeTicClient, stepTicClient } from "./client-session.ts";
import type { TicClientNote, TicClientOptions, TicOutcome } from "./client-state.ts";
import { makeTicServer, stepTicServer } from "./server-session.ts";
import type { TicAnswer, TicQuestion, TicServerNote } from "./server-state.ts";
import { findTicTunnelId, formatTicUsername, parseTicUsername } from "./values.ts";

/** One end under test, with the page's settings in it. */
interface Actor<State, Question, Answer, Note> {
  readonly side: "C" | "S";
  readonly start: State;
  step(state: State, input: SessionInput<Answer>, nowMs: MonotonicMs): SessionStep<State, Question, Note>;
  answer(question: Question): Answer;
  showQuestion(question: Question): string;
  showNote(note: Note): string;
}

/** Plays the page's other end against a session; returns the whole conversation as it came out, and the events. */
function replay<State, Question, Answer, Note>(
  page: Transcript,
  makeActor: (clock: WallClock) => Actor<State, Question, Answer, Note>,
): { readonly conversation: readonly string[]; readonly events: readonly string[] } {
  let nowMs = 0;
  let deadline: number | undefined;
  const conversation: string[] = [];
  const events: string[] = [];
  const startSec = Number(page.settings.get("unixtime"));
  const actor = makeActor({ nowSec: () => wallSec(startSec + Math.floor(nowMs / 1000)) });
  let state = actor.start;
  const take = (input: SessionInput<Answer>): void => {
    const step = actor.step(state, input, monotonicMs(nowMs));
    state = step.state;
    for (const effect of step.effects) {
      if (effect.kind === "send") {
        const lines = decodeLatin1(effect.bytes).split("\n");
        assert.equal(lines.pop(), "", "what is sent ends in a line end");
        conversation.push(...lines.map((line) => (line === "" ? `${actor.side}:` : `${actor.side}: ${line}`)));
      } else if (effect.kind === "starttls") conversation.push("TLS begins");
      else if (effect.kind === "close") conversation.push(`${actor.side} closes`);
      else if (effect.kind === "deadline") deadline = effect.at;
      else if (effect.kind === "note") events.push(actor.showNote(effect.note));
      else {
        events.push(`ask ${actor.showQuestion(effect.question)}`);
        take({ kind: "answer", answer: actor.answer(effect.question) });
      }
    }
  };
  const wait = (durationMs: number): void => {
    const untilMs = nowMs + durationMs;
    while (deadline !== undefined && deadline <= untilMs) {
      nowMs = deadline;
      deadline = undefined;
      take({ kind: "deadline" });
    }
    nowMs = untilMs;
  };
  take({ kind: "start" });
  for (const step of page.steps) {
    if (step.kind === "wait") {
      conversation.push(`wait ${step.durationMs}`);
      wait(step.durationMs);
    } else if (step.kind === "client-closes" || step.kind === "server-closes") {
      if ((step.kind === "client-closes" ? "C" : "S") === actor.side) continue;
      conversation.push(`${step.kind === "client-closes" ? "C" : "S"} closes`);
      take({ kind: "closed" });
    } else if (step.kind !== "tls-begins" && (step.kind === "client" ? "C" : "S") !== actor.side) {
      conversation.push(`${step.kind === "client" ? "C:" : "S:"}${step.line === "" ? "" : ` ${step.line}`}`);
      take({ kind: "bytes", bytes: encodeLatin1(`${step.line}\n`) });
    }
  }
  return { conversation, events };
}

function serverActor(
  page: Transcript,
  wallClock: WallClock,
): Actor<ReturnType<typeof makeTicServer>, TicQuestion, TicAnswer, TicServerNote> {
  const challenge = parseHex(page.settings.get("challenge") ?? "");
  assert.ok(challenge.ok);
  const greeting = "Tombolo TIC Service on broker.example ready (https://broker.example)";
  const tls = page.settings.get("tls") !== undefined;
  const showNeedsTls = page.settings.get("tls") === "required";
  const options = { greeting, md5, random: () => challenge.value, wallClock, tls, showNeedsTls };
  const house = makeTicHouse();
  return {
    side: "S",
    start: makeTicServer(monotonicMs(0)),
    step: (state, input, nowMs) => stepTicServer(options, state, input, nowMs),
    answer: (question) => answerFromHouse(house, question),
    showQuestion: (question) => {
      const user = "username" in question ? [formatTicUsername(question.username)] : [];
      const object = "id" in question ? [question.id] : "name" in question ? [question.name] : [];
      return [question.kind, ...user, ...object].join(" ");
    },
    showNote: (note) => {
      switch (note.kind) {
        case "client":
          return `client ${note.identification}`;
        case "login":
          return `login ${formatTicUsername(note.username)}${note.secured ? " over TLS" : ""}`;
        case "login-failed":
          return `login-failed ${formatTicUsername(note.username)} ${note.attempt}`;
        case "output-refused":
          return `output-refused ${note.object} ${note.field}`;
        case "ended":
          return `ended ${note.end}`;
      }
    },
  };
}

function clientActor(page: Transcript, wallClock: WallClock): Actor<ReturnType<typeof makeTicClient>, never, never, TicClientNote> {
  const username = parseTicUsername(page.settings.get("username") ?? "ABC1-TMB");
  assert.ok(username.ok);
  const options: TicClientOptions = {
    username: username.value,
    password: "hartslag",
    identification: "TIC/draft-00 tombolo/0.1.0 Linux",
    wish:
      page.settings.get("wish") === "list" ? { kind: "list" } : { kind: "show", id: findTicTunnelId(page.settings.get("tunnel") ?? "") },
    md5,
    wallClock,
  };
  return {
    side: "C",
    start: makeTicClient(monotonicMs(0)),
    step: (state, input, nowMs) => stepTicClient(options, state, input, nowMs),
    answer: (question) => question,
    showQuestion: (question) => question,
    showNote: ({ outcome }) => ["outcome", outcome.kind, ...outcomeWords(outcome)].join(" "),
  };
}

function outcomeWords(outcome: TicOutcome): readonly (string | number)[] {
  switch (outcome.kind) {
    case "tunnels":
    case "several-tunnels":
      return outcome.tunnels.map(({ id }) => id);
    case "tunnel":
      return [outcome.tunnel.id, ...outcome.delegations.map(formatPrefix)];
    case "tunnel-disabled":
      return [outcome.tunnel.id, outcome.tunnel.userState, outcome.tunnel.adminState];
    case "no-tunnel":
      return [];
    case "pop-down":
    case "wrong-credentials":
      return [outcome.text];
    case "clock-off":
      return [outcome.skewSec];
    case "refused":
      return [outcome.stage, outcome.text];
    case "malformed":
      return [outcome.stage, outcome.what];
    case "timed-out":
    case "closed-early":
      return [outcome.stage];
  }
}

for (const file of readVectors("tic", ".md")) {
  const page = parseTranscript(file.text);
  test(`${file.name}: ${page.title}`, () => {
    const isServer = file.name.startsWith("server-");
    const played = isServer ? replay(page, (clock) => serverActor(page, clock)) : replay(page, (clock) => clientActor(page, clock));
    const block = /```transcript\n([\s\S]*?)```/.exec(file.text)?.[1] ?? "";
    assert.deepEqual(played.conversation.join("\n"), block.trimEnd());
    assert.deepEqual(played.events, page.events);
  });
}
