import type { Kysely } from "kysely";
import type { PopName } from "@tombolo/broker";
import type { Schema } from "../schema.ts";

export type EngineName = "sqlite" | "postgres";

/**
 * Why a statement failed. "conflict": another transaction was in the way and this one left nothing behind, so it may
 * run again. "unreachable": the database does not answer, and whether a commit arrived is not known.
 */
export type FailureKind = "conflict" | "unreachable" | "other";

export interface Hear {
  /** The revision of `pop` was raised. */
  readonly wake: (pop: PopName) => void;
  /** Something may have been missed. */
  readonly check: () => void;
}

export interface Engine {
  readonly name: EngineName;
  readonly db: Kysely<Schema>;
  classify(error: unknown): FailureKind;
  /** Starts to hear of changes that others make, where the database tells. Safe to call again. */
  listen(hear: Hear): void;
  close(): Promise<void>;
}

/** The channel on which PostgreSQL passes the names of PoPs whose revision was raised. */
export const stateChannel = "tombolo_state";
