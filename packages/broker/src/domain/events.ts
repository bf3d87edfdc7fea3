import type { WallSec } from "@tombolo/base";
import type { RequestId } from "./requests.ts";
import type { Handle, PopName, TunnelId } from "./types.ts";

/** Closed: a mailer has a text for each. */
export type EventKind =
  | "request.made"
  | "request.approved"
  | "request.rejected"
  /** The PoP heard of the tunnel's client for the first time. */
  | "tunnel.live"
  | "tunnel.disabled"
  | "tunnel.enabled"
  | "account.disabled"
  | "account.enabled"
  | "pop.down"
  | "pop.up";

/** Something that one account's owner is to be told; written in the transaction that made it happen, never changed. */
export interface OwnerEvent {
  readonly at: WallSec;
  readonly kind: EventKind;
  readonly handle: Handle;
  readonly pop: PopName | undefined;
  readonly tunnel: TunnelId | undefined;
  readonly request: RequestId | undefined;
  /** For people: why, or what was given. */
  readonly detail: string;
}
