import type { MonotonicMs } from "@tombolo/base";
import type { SessionInput, SessionStep } from "@tombolo/protocols";
import { chunk } from "../drill/stream.ts";
import type { World } from "./world.ts";

/** One end of a connection: a session's step function and what answers its questions. */
export interface StreamParty<State, Question, Answer, Note> {
  readonly start: State;
  readonly step: (state: State, input: SessionInput<Answer>, nowMs: MonotonicMs) => SessionStep<State, Question, Note>;
  readonly answer?: (question: Question) => Answer;
}

/** What can be seen of one end while the world runs. */
export interface PlayedParty<Question, Note> {
  readonly notes: Note[];
  readonly questions: Question[];
  /** Every piece that it sent. */
  readonly sent: Uint8Array[];
  isClosed(): boolean;
}

export interface StreamLink {
  readonly latencyMs: number;
  /** TCP may deliver in any cut: pieces of at most this many bytes. */
  readonly segmentBytes: number;
}

interface End {
  take(input: { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "closed" } | { readonly kind: "start" }): void;
}

interface Made<Question, Note> {
  readonly end: End;
  readonly played: PlayedParty<Question, Note>;
}

/** Lets two sessions talk over an orderly stream, with pauses, deadlines and questions as a driver would serve them. */
export function connectStream<S1, Q1, A1, N1, S2, Q2, A2, N2>(
  world: World,
  link: StreamLink,
  first: StreamParty<S1, Q1, A1, N1>,
  second: StreamParty<S2, Q2, A2, N2>,
): readonly [PlayedParty<Q1, N1>, PlayedParty<Q2, N2>] {
  const one: Made<Q1, N1> = makeEnd(world, link, first, () => two.end);
  const two: Made<Q2, N2> = makeEnd(world, link, second, () => one.end);
  world.after(0, () => one.end.take({ kind: "start" }));
  world.after(0, () => two.end.take({ kind: "start" }));
  return [one.played, two.played];
}

function makeEnd<State, Question, Answer, Note>(
  world: World,
  link: StreamLink,
  party: StreamParty<State, Question, Answer, Note>,
  peer: () => End,
): Made<Question, Note> {
  let state = party.start;
  let closed = false;
  let deadline = 0;
  /** When the line towards the peer is free: pauses hold back what is sent after them. */
  let freeAtMs = 0;
  const played = { notes: [] as Note[], questions: [] as Question[], sent: [] as Uint8Array[], isClosed: () => closed };
  const later = (action: () => void): void => world.after(Math.max(freeAtMs - world.nowMs(), 0) + link.latencyMs, action);
  const run = (effects: SessionStep<State, Question, Note>["effects"]): void => {
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          played.sent.push(effect.bytes);
          for (const segment of chunk(effect.bytes, (bound) => world.number(bound), link.segmentBytes)) {
            later(() => peer().take({ kind: "bytes", bytes: segment.slice() }));
          }
          freeAtMs = Math.max(freeAtMs, world.nowMs()) + (effect.pauseMs ?? 0);
          break;
        case "ask": {
          const { question } = effect;
          played.questions.push(question);
          const { answer } = party;
          if (answer !== undefined) world.after(1, () => take({ kind: "answer", answer: answer(question) }));
          break;
        }
        case "deadline": {
          deadline += 1;
          const mine = deadline;
          if (effect.at !== undefined) {
            world.after(effect.at - world.nowMs(), () => {
              if (mine === deadline) take({ kind: "deadline" });
            });
          }
          break;
        }
        case "starttls":
          throw new Error("this stream has no TLS: leave it out of the session's options");
        case "close":
          closed = true;
          deadline += 1;
          later(() => peer().take({ kind: "closed" }));
          break;
        case "note":
          played.notes.push(effect.note);
          break;
      }
    }
  };
  const take = (input: SessionInput<Answer>): void => {
    if (closed) return;
    const step = party.step(state, input, world.nowMs());
    state = step.state;
    if (input.kind === "closed") closed = true;
    run(step.effects);
  };
  return { end: { take }, played };
}
