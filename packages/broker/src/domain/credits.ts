import type { WallSec } from "@tombolo/base";
import type { RequestId } from "./requests.ts";
import type { Handle, TunnelId } from "./types.ts";

/** What moves credits by itself; the plan has an amount for each. */
export type ChargeKind =
  | "signup"
  | "good-week"
  | "request-tunnel"
  | "approve-tunnel"
  | "request-delegation"
  | "approve-delegation"
  | "change-tunnel"
  | "remove-tunnel"
  | "remove-delegation"
  | "dead-day"
  | "dead-week";

/** "grant" is what staff gives or takes. */
export type CreditKind = ChargeKind | "grant";

export interface CreditPlan {
  /** False: nothing is written and nobody is refused. */
  readonly enabled: boolean;
  /** What each adds to the balance; costs are below zero, 0 writes nothing. */
  readonly amounts: Readonly<Record<ChargeKind, number>>;
  /** The least balance with which an account may request. */
  readonly mayRequestFrom: number;
  /** Disable a static tunnel whose endpoint was dead for a week. */
  readonly disableDeadStatic: boolean;
}

/** The historic service's table; its "15 or lower" contradicts its own example, which 15 satisfies, so 15 may request. */
export const defaultCreditPlan: CreditPlan = {
  enabled: false,
  amounts: {
    signup: 25,
    "good-week": 5,
    "request-tunnel": -10,
    "approve-tunnel": -5,
    "request-delegation": -10,
    "approve-delegation": -4,
    "change-tunnel": -15,
    "remove-tunnel": -25,
    "remove-delegation": -50,
    "dead-day": -5,
    "dead-week": -50,
  },
  mayRequestFrom: 15,
  disableDeadStatic: true,
};

/** One line of the ledger; never changed. The sum of an account's amounts is its balance. */
export interface CreditDraft {
  readonly at: WallSec;
  readonly handle: Handle;
  readonly kind: CreditKind;
  /** A whole number, not 0. */
  readonly amount: number;
  readonly tunnel: TunnelId | undefined;
  readonly request: RequestId | undefined;
  /** The midnight (UTC) with which the day or week begins that is credited; one entry of a kind for each tunnel and period. */
  readonly period: WallSec | undefined;
  /** For people. */
  readonly note: string;
}

export interface CreditEntry extends CreditDraft {
  readonly id: number;
  /** The balance once this entry was written. */
  readonly balance: number;
}

/** The newest entries, the oldest of them first. */
export interface CreditStatement {
  readonly balance: number;
  readonly entries: readonly CreditEntry[];
}
