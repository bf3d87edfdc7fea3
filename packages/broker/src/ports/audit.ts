import type { WallSec } from "@tombolo/base";
import type { Handle, PopName, TunnelId } from "../domain/types.ts";

export type AuditEvent =
  | "account.added"
  | "account.state"
  | "key.added"
  | "key.removed"
  | "pop.added"
  | "pop.state"
  | "pop.token"
  | "pool.added"
  | "pool.removed"
  | "tunnel.added"
  | "tunnel.removed"
  | "tunnel.state"
  | "tunnel.encapsulation"
  | "request.added"
  | "request.approved"
  | "request.rejected"
  | "credit.granted"
  | "prefix.given"
  | "prefix.returned";

/** One line of what happened; written in the transaction that made it happen, never changed, free of secrets. */
export interface AuditEntry {
  readonly at: WallSec;
  readonly event: AuditEvent;
  readonly handle?: Handle;
  readonly pop?: PopName;
  readonly tunnel?: TunnelId;
  /** What it was about, for people: a prefix, a state, a label. */
  readonly detail: string;
}
