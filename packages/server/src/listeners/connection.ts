import type { Socket } from "node:net";
import type { MonotonicClock } from "@tombolo/base";
import { messageOf } from "@tombolo/pop";
import type { SessionEffect, SessionInput, SessionStep } from "@tombolo/protocols";
import { inMs, type Wheel, type WheelEntry } from "./wheel.ts";

/** A session of one connection, as a protocol's listener hands it to the driver. */
export interface LineSession<State, Question, Answer, Note> {
  readonly first: State;
  step(state: State, input: SessionInput<Answer>, nowMs: ReturnType<MonotonicClock["nowMs"]>): SessionStep<State, Question, Note>;
  /** Answers from the broker; refusals are answers too, so a rejection is our own bug. */
  answer(question: Question): Promise<Answer>;
  note(note: Note): void;
}

export interface ConnectionNeeds {
  readonly socket: Socket;
  readonly clock: MonotonicClock;
  readonly wheel: Wheel;
  /** A bug of ours ended this session. */
  readonly failed: (reason: string) => void;
}

/** A peer that reads nothing may leave this much waiting. */
const outputMaxBytes = 262_144;
/** How long a peer may take to close its side after we closed ours. */
const lingerMs = 5000;

/** Turns the socket's events into inputs of the session and runs its effects, until one of the two ends. */
export class Connection<State, Question, Answer, Note> {
  readonly #session: LineSession<State, Question, Answer, Note>;
  readonly #needs: ConnectionNeeds;
  readonly #deadline: WheelEntry;
  readonly #pace: WheelEntry;
  #state: State;
  #outbox: { readonly bytes: Uint8Array; readonly pauseMs?: number }[] = [];
  #pacing = false;
  #asking = false;
  #peerEnded = false;
  /** Set when the session is over: what is in the outbox still goes out, then FIN. */
  #over = false;

  constructor(session: LineSession<State, Question, Answer, Note>, needs: ConnectionNeeds) {
    const { socket, wheel } = needs;
    this.#session = session;
    this.#needs = needs;
    this.#state = session.first;
    this.#deadline = wheel.entry(() => (this.#over ? socket.destroy() : this.#input({ kind: "deadline" })));
    this.#pace = wheel.entry(() => this.#afterPause());
    socket.on("data", (chunk) => this.#data(chunk));
    socket.on("end", () => this.#end());
    // A reset says nothing that `close` does not.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#closed());
  }

  start(): void {
    this.#input({ kind: "start" });
  }

  /** Ends the session from our side: the server is closing. */
  close(): void {
    if (this.#over) return;
    this.#finish();
    this.#flush();
  }

  #data(chunk: Uint8Array): void {
    // After the end of the session input is read and thrown away: unread input would turn our FIN into a reset.
    if (!this.#over) this.#input({ kind: "bytes", bytes: chunk });
  }

  #end(): void {
    this.#peerEnded = true;
    // What was asked before the peer closed its side is still answered; it may be listening.
    if (!this.#asking) this.#peerGone();
  }

  #closed(): void {
    if (!this.#over) this.#peerGone();
    this.#deadline.set(undefined);
    this.#pace.set(undefined);
    this.#outbox = [];
  }

  #peerGone(): void {
    if (this.#over) return;
    this.#input({ kind: "closed" });
    this.#finish();
    this.#flush();
  }

  #input(input: SessionInput<Answer>): void {
    try {
      const { state, effects } = this.#session.step(this.#state, input, this.#needs.clock.nowMs());
      this.#state = state;
      for (const effect of effects) this.#run(effect);
    } catch (error) {
      this.#abandon(error);
      return;
    }
    this.#flush();
  }

  #run(effect: SessionEffect<Question, Note>): void {
    switch (effect.kind) {
      case "send":
        this.#outbox.push(effect);
        break;
      case "ask":
        void this.#ask(effect.question);
        break;
      case "deadline":
        this.#deadline.set(effect.at);
        break;
      case "close":
        this.#finish();
        break;
      case "note":
        this.#session.note(effect.note);
        break;
    }
  }

  /** Nothing is read while a question is open: a peer that sends on fills its own buffers, not ours. */
  async #ask(question: Question): Promise<void> {
    const { socket } = this.#needs;
    this.#asking = true;
    socket.pause();
    let answer: Answer;
    try {
      answer = await this.#session.answer(question);
    } catch (error) {
      this.#abandon(error);
      return;
    } finally {
      this.#asking = false;
    }
    if (this.#over || socket.destroyed) return;
    this.#input({ kind: "answer", answer });
    if (this.#asking) return;
    socket.resume();
    if (this.#peerEnded) this.#peerGone();
  }

  #flush(): void {
    const { socket, clock } = this.#needs;
    while (!this.#pacing) {
      const piece = this.#outbox.shift();
      if (piece === undefined) break;
      if (socket.writable) socket.write(piece.bytes);
      if (socket.writableLength > outputMaxBytes) {
        socket.destroy();
        return;
      }
      if (piece.pauseMs !== undefined) {
        this.#pacing = true;
        this.#pace.set(inMs(clock, piece.pauseMs));
      }
    }
    if (this.#over && !this.#pacing && this.#outbox.length === 0 && socket.writable) socket.end();
  }

  #afterPause(): void {
    this.#pacing = false;
    this.#flush();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#needs.socket.resume();
    this.#deadline.set(inMs(this.#needs.clock, lingerMs));
  }

  #abandon(error: unknown): void {
    this.#over = true;
    this.#needs.failed(messageOf(error));
    this.#needs.socket.destroy();
  }
}
