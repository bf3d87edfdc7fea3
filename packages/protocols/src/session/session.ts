import type { MonotonicMs } from "@tombolo/base";

/**
 * What every session of this package is driven with. A session is one pure function per role,
 * `step(state, input, nowMs) → { state, effects }`; whoever owns the socket turns events into inputs and runs the effects in order.
 */
export type SessionInput<Answer> =
  | { readonly kind: "start" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "deadline" }
  /** The answer to the one `ask` that is open. */
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The peer closed; nothing can be sent any more. */
  | { readonly kind: "closed" };

export type SessionEffect<Question, Note> =
  /** `pauseMs`: wait that long after this piece before the next one (TIC's readers have small buffers). */
  | { readonly kind: "send"; readonly bytes: Uint8Array; readonly pauseMs?: number }
  | { readonly kind: "ask"; readonly question: Question }
  /** Replaces the session's one deadline; undefined clears it. */
  | { readonly kind: "deadline"; readonly at: MonotonicMs | undefined }
  /**
   * Flush what was sent, throw away what the peer sent and nobody read, then shake hands for TLS as the server. All further bytes go
   * through it; a handshake that fails is `closed`.
   */
  | { readonly kind: "starttls" }
  /** Flush, then close with FIN. */
  | { readonly kind: "close" }
  | { readonly kind: "note"; readonly note: Note };

export interface SessionStep<State, Question, Note> {
  readonly state: State;
  readonly effects: readonly SessionEffect<Question, Note>[];
}
