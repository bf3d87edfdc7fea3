import type { Ipv4Address, MonotonicMs, WallSec } from "@tombolo/base";
import type { Failure } from "../failure/failure.ts";
import type { TunnelGrant } from "../tic/grant.ts";

/**
 *   idle ─start─▶ login ─granted─▶ opening ─opened─▶ running ─stop or failure─▶ closing ─closed─▶ done
 *                  │  ▲
 *           refused▼  │time is over
 *                 waiting            (only with keepTrying; without it, a refusal ends in `done`)
 *
 * With keepTrying, a link that fails while running goes closing ─closed─▶ waiting ─▶ opening, with the grant it had.
 *
 * `running` begins unproven: it is proven by the first answer of the PoP's inner end. It may log in again without leaving the state.
 */
export type State =
  | { readonly phase: "idle" }
  | { readonly phase: "login"; readonly attempt: number }
  | {
      readonly phase: "waiting";
      readonly attempt: number;
      readonly failure: Failure;
      readonly until: MonotonicMs;
      readonly clocks: Clocks | undefined;
      /** What to open again; undefined: log in. */
      readonly grant: TunnelGrant | undefined;
    }
  /** `attempt`: how often it was opened again since it last ran. */
  | { readonly phase: "opening"; readonly grant: TunnelGrant; readonly attempt: number; readonly ending: Ending | undefined }
  | Running
  | { readonly phase: "closing"; readonly ending: Ending; readonly reopen: Reopen | undefined }
  | { readonly phase: "done"; readonly ending: Ending };

export interface Running {
  readonly phase: "running";
  readonly grant: TunnelGrant;
  readonly openedAt: MonotonicMs;
  /** When the PoP answered for the first time. */
  readonly provenAt: WallSec | undefined;
  readonly health: Health;
  readonly again: LoginAgain;
  readonly clocks: Clocks | undefined;
  /** The address this host would use towards the PoP; undefined without a route. */
  readonly source: Ipv4Address | undefined;
  /** Off: this client sends nothing of its own accord, neither beats nor checks, and so cannot tell silence. */
  readonly beating: boolean;
  /** Theirs minus ours, when the far end's packets were refused for their time since the last answer. */
  readonly skewSec: number | undefined;
}

export interface Health {
  readonly checkedAt: MonotonicMs;
  /** Checks gone out since the last answer. */
  readonly unanswered: number;
  /** When the first of those went out. */
  readonly askingSince: MonotonicMs;
  readonly answeredAt: WallSec | undefined;
  readonly rttMs: number | undefined;
  /** Was said to be silent. */
  readonly silent: boolean;
}

/** Logging in again while the tunnel is up. */
export interface LoginAgain {
  readonly attempt: number;
  readonly underWay: boolean;
  readonly notBefore: MonotonicMs;
  /** Why the last one failed. */
  readonly failure: Failure | undefined;
}

/** The last tick's reading of both clocks. */
export interface Clocks {
  readonly monotonic: MonotonicMs;
  readonly wall: WallSec;
}

/** A link that failed and is to be opened again, once it is closed. */
export interface Reopen {
  readonly grant: TunnelGrant;
  readonly failure: Failure;
  readonly attempt: number;
}

/** How it ended; no failure when it was asked to. */
export interface Ending {
  readonly failure: Failure | undefined;
}

export type Input =
  | { readonly kind: "start" }
  | { readonly kind: "granted"; readonly grant: TunnelGrant }
  | { readonly kind: "refused"; readonly failure: Failure }
  | { readonly kind: "opened"; readonly source: Ipv4Address | undefined; readonly beating: boolean }
  /** Also when a change of the open link fails; the link is still to be closed then. */
  | { readonly kind: "link-failed"; readonly failure: Failure }
  | { readonly kind: "closed" }
  | { readonly kind: "answered"; readonly rttMs: number; readonly wall: WallSec }
  | { readonly kind: "clock-off"; readonly skewSec: number }
  /** Every second or so. `source`: see Running. */
  | { readonly kind: "tick"; readonly wall: WallSec; readonly source: Ipv4Address | undefined }
  /** Beats and checks are switched on or off. */
  | { readonly kind: "beating"; readonly on: boolean }
  | { readonly kind: "stop" };

export type Effect =
  /** Answered by `granted` or `refused`. */
  | { readonly kind: "login" }
  /** Answered by `opened` or `link-failed`. */
  | { readonly kind: "open-link"; readonly grant: TunnelGrant }
  /** Answered by `link-failed`, if at all. */
  | { readonly kind: "change-link"; readonly grant: TunnelGrant; readonly before: TunnelGrant }
  /** Ask the PoP's inner end for an answer. `urgent`: beat as well, because the PoP may not know where we are. */
  | { readonly kind: "check"; readonly urgent: boolean }
  /** Answered by `closed`. */
  | { readonly kind: "close-link" }
  | { readonly kind: "note"; readonly note: Note }
  | { readonly kind: "finish"; readonly ending: Ending };

/** What happened, for the user. */
export type Note =
  | { readonly kind: "login"; readonly attempt: number }
  | { readonly kind: "granted"; readonly grant: TunnelGrant }
  | { readonly kind: "checking"; readonly grant: TunnelGrant }
  | { readonly kind: "proven"; readonly grant: TunnelGrant; readonly rttMs: number }
  | { readonly kind: "silent"; readonly grant: TunnelGrant; readonly skewSec: number | undefined }
  | { readonly kind: "answers-again"; readonly silentSec: number; readonly rttMs: number }
  | { readonly kind: "moved"; readonly from: Ipv4Address | undefined; readonly to: Ipv4Address | undefined }
  | { readonly kind: "clock-jumped"; readonly bySec: number }
  | { readonly kind: "asks-again" }
  | { readonly kind: "changed"; readonly grant: TunnelGrant }
  | { readonly kind: "unchanged" }
  | { readonly kind: "waiting"; readonly failure: Failure; readonly waitSec: number }
  | { readonly kind: "beating"; readonly on: boolean }
  | { readonly kind: "stopping" };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export interface SupervisorOptions {
  readonly keepTrying: boolean;
  /** [0, 1), drawn once a client; spreads the waits. */
  readonly spread: number;
}
