import type { Ipv6Prefix, MonotonicMs, WallClock } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import type { LineState } from "../lines/splitter.ts";
import type { TicTunnel, TicTunnelLine } from "./tunnel.ts";
import type { TicTunnelId, TicUsername } from "./values.ts";

/** What our own client reads before it gives up on a server. */
export const ticClientLimits = {
  lineBytes: 1024,
  listLines: 4096,
  /** For each reply line. */
  replyMs: 15_000,
  sessionMs: 120_000,
  /** How far the clocks may be apart, inclusive: beyond it no beat would be accepted either. */
  clockSkewSec: 120,
} as const;

export interface TicClientOptions {
  readonly username: TicUsername;
  /** The access key. */
  readonly password: string;
  /** `TIC/draft-00 <name>/<version> <os>/<release>`. */
  readonly identification: string;
  /** `show` without an id takes the only tunnel there is. */
  readonly wish: { readonly kind: "list" } | { readonly kind: "show"; readonly id: TicTunnelId | undefined };
  readonly md5: Digest;
  readonly wallClock: WallClock;
}

/** What a reply is awaited for. */
export type TicClientStage = "greeting" | "client" | "unixtime" | "username" | "challenge" | "authenticate" | "list" | "show";

/** How a session ended; each is one sentence to the user. */
export type TicOutcome =
  | { readonly kind: "tunnels"; readonly tunnels: readonly TicTunnelLine[] }
  /** `delegations`: what is routed to the tunnel; empty too when the server does not tell. */
  | { readonly kind: "tunnel"; readonly tunnel: TicTunnel; readonly delegations: readonly Ipv6Prefix[] }
  | { readonly kind: "no-tunnel" }
  | { readonly kind: "several-tunnels"; readonly tunnels: readonly TicTunnelLine[] }
  /** Both states must be `enabled`. */
  | { readonly kind: "tunnel-disabled"; readonly tunnel: TicTunnel }
  | { readonly kind: "pop-down"; readonly text: string }
  | { readonly kind: "wrong-credentials"; readonly text: string }
  /** Ours minus theirs. */
  | { readonly kind: "clock-off"; readonly skewSec: number }
  /** The server said no; the text is its own, and cleaned. */
  | { readonly kind: "refused"; readonly stage: TicClientStage; readonly text: string }
  | { readonly kind: "malformed"; readonly stage: TicClientStage; readonly what: string }
  | { readonly kind: "timed-out"; readonly stage: TicClientStage }
  | { readonly kind: "closed-early"; readonly stage: TicClientStage };

export interface TicClientNote {
  readonly kind: "outcome";
  readonly outcome: TicOutcome;
}

export interface TicClientState {
  readonly stage: TicClientStage | "routes" | "ended";
  readonly lines: LineState;
  /** Data lines of the list that is being read; undefined before its 201. */
  readonly collected: readonly string[] | undefined;
  /** Set at the stage "routes": whatever becomes of that question, the tunnel was told. */
  readonly shown: TicTunnel | undefined;
  readonly replyBy: MonotonicMs;
  readonly endsAt: MonotonicMs;
}
