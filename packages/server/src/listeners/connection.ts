import type { Socket } from "node:net";
import { TLSSocket, type SecureContext } from "node:tls";
import { assert, type MonotonicClock } from "@tombolo/base";
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
  readonly tls: SecureContext | undefined;
  /** The peer's fault, or its taste; the connection is gone. */
  readonly handshakeFailed: (reason: string) => void;
  /** A bug of ours ended this session. */
  readonly failed: (reason: string) => void;
}

type Outgoing = Extract<SessionEffect<never, never>, { kind: "send" | "starttls" }>;

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
  /** The socket, or TLS over it. */
  #stream: Socket;
  #outbox: Outgoing[] = [];
  #pacing = false;
  /** Between the last clear byte and the first of the handshake. */
  #securing = false;
  #asking = false;
  #peerEnded = false;
  /** Set when the session is over: what is in the outbox still goes out, then FIN. */
  #over = false;

  constructor(session: LineSession<State, Question, Answer, Note>, needs: ConnectionNeeds) {
    const { socket, wheel } = needs;
    this.#session = session;
    this.#needs = needs;
    this.#state = session.first;
    this.#stream = socket;
    this.#deadline = wheel.entry(() => (this.#over ? socket.destroy() : this.#input({ kind: "deadline" })));
    this.#pace = wheel.entry(() => this.#afterPause());
    this.#listen(socket);
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

  #listen(stream: Socket): void {
    stream.on("data", (chunk) => this.#data(chunk));
    stream.on("end", () => this.#end());
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
      case "starttls":
        // Nothing more is read in clear: what the peer sends from now on is its part of the handshake.
        this.#stream.removeAllListeners("data").removeAllListeners("end").pause();
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
    const stream = this.#stream;
    this.#asking = true;
    stream.pause();
    let answer: Answer;
    try {
      answer = await this.#session.answer(question);
    } catch (error) {
      this.#abandon(error);
      return;
    } finally {
      this.#asking = false;
    }
    if (this.#over || stream.destroyed) return;
    this.#input({ kind: "answer", answer });
    if (this.#asking) return;
    stream.resume();
    if (this.#peerEnded) this.#peerGone();
  }

  #flush(): void {
    while (!this.#pacing && !this.#securing) {
      const piece = this.#outbox.shift();
      if (piece === undefined) break;
      if (piece.kind === "starttls") this.#secure();
      else if (!this.#write(piece)) return;
    }
    const isDone = this.#over && !this.#pacing && !this.#securing && this.#outbox.length === 0;
    if (isDone && this.#stream.writable) this.#stream.end();
  }

  /** False when the peer left too much unread: it is cut off. */
  #write(piece: Extract<Outgoing, { kind: "send" }>): boolean {
    const stream = this.#stream;
    if (stream.writable) stream.write(piece.bytes);
    if (stream.writableLength > outputMaxBytes) {
      stream.destroy();
      return false;
    }
    if (piece.pauseMs !== undefined) {
      this.#pacing = true;
      this.#pace.set(inMs(this.#needs.clock, piece.pauseMs));
    }
    return true;
  }

  /** Puts TLS over the socket once the last clear byte has left; the session's deadline bounds the handshake too. */
  #secure(): void {
    const { socket, tls, handshakeFailed } = this.#needs;
    assert(tls !== undefined, "a session that begins TLS was told that there is TLS");
    this.#securing = true;
    socket.write("", () => {
      if (socket.destroyed) return;
      const secured = new TLSSocket(socket, { isServer: true, secureContext: tls });
      let isShaken = false;
      secured.once("secure", () => (isShaken = true));
      secured.on("error", (error) => {
        if (!isShaken) handshakeFailed(messageOf(error));
      });
      this.#stream = secured;
      this.#securing = false;
      this.#listen(secured);
      this.#flush();
    });
  }

  #afterPause(): void {
    this.#pacing = false;
    this.#flush();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream.resume();
    this.#deadline.set(inMs(this.#needs.clock, lingerMs));
  }

  #abandon(error: unknown): void {
    this.#over = true;
    this.#needs.failed(messageOf(error));
    this.#needs.socket.destroy();
  }
}
