import type { MonotonicMs, Random, WallClock } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import type { LineState } from "../lines/splitter.ts";
import type { TicCommand } from "./commands.ts";
import type { TicPop } from "./pop.ts";
import type { TicRoute, TicRouteId } from "./route.ts";
import type { TicRefusal } from "./status.ts";
import type { TicTunnel, TicTunnelLine } from "./tunnel.ts";
import type { TicTunnelId, TicUsername } from "./values.ts";

/** What one session may take. */
export const ticServerLimits = {
  lineBytes: 1024,
  idleMs: 60_000,
  sessionMs: 300_000,
  challengeMs: 60_000,
  attempts: 3,
  /** Times the number of failures: how long a wrong answer waits for its reply. */
  failureDelayMs: 1000,
  /** Lines that came while another was worked on; no known client sends even one. */
  queuedLines: 16,
} as const;

export interface TicServerOptions {
  /** What follows `200 ` in the greeting; SixXS said "SixXS TIC Service on <host> ready (<url>)". */
  readonly greeting: string;
  readonly md5: Digest;
  readonly random: Random;
  readonly wallClock: WallClock;
  /** The driver of this session can do TLS, so `starttls` is taken. */
  readonly tls: boolean;
  /** `tunnel show` holds the tunnel's secret: with this it is refused in clear. */
  readonly showNeedsTls: boolean;
  /**
   * Set when this peer is to be turned away. aiccu shows the reason only when it comes at `username`; at the greeting it is
   * cheaper.
   */
  readonly turnAway?: { readonly at: "greeting" | "username"; readonly refusal: TicRefusal; readonly detail?: string };
}

/** `clear` under TLS alone. */
export type TicLoginMethod = "md5" | "clear";

/** What a client answered, to what. */
export interface TicLoginTry {
  readonly method: TicLoginMethod;
  readonly challenge: string;
  readonly response: string;
}

export type TicQuestion =
  /** The clear access keys that may log this user in; none when there is no such user or it is disabled. */
  | { readonly kind: "keys"; readonly username: TicUsername }
  | { readonly kind: "tunnels"; readonly username: TicUsername }
  | { readonly kind: "tunnel"; readonly username: TicUsername; readonly id: TicTunnelId }
  | { readonly kind: "pops" }
  | { readonly kind: "pop"; readonly name: string }
  | { readonly kind: "routes"; readonly username: TicUsername }
  | { readonly kind: "route"; readonly username: TicUsername; readonly id: TicRouteId };

/** Of the kind that was asked for, or a refusal. */
export type TicAnswer =
  | { readonly kind: "keys"; readonly keys: readonly string[] }
  | { readonly kind: "tunnels"; readonly tunnels: readonly TicTunnelLine[] }
  | { readonly kind: "tunnel"; readonly tunnel: TicTunnel }
  | { readonly kind: "pops"; readonly names: readonly string[] }
  | { readonly kind: "pop"; readonly pop: TicPop }
  | { readonly kind: "routes"; readonly routes: readonly TicRoute[] }
  | { readonly kind: "route"; readonly route: TicRoute }
  | { readonly kind: "refused"; readonly refusal: TicRefusal; readonly detail?: string; readonly about?: string };

export type TicServerEnd =
  | "quit"
  | "peer-closed"
  | "idle"
  | "session-too-long"
  | "line-too-long"
  | "too-many-commands"
  | "too-many-attempts"
  | "turned-away";

export type TicServerNote =
  | { readonly kind: "client"; readonly identification: string }
  | { readonly kind: "login"; readonly username: TicUsername; readonly secured: boolean }
  | { readonly kind: "login-failed"; readonly username: TicUsername; readonly attempt: number }
  /** A value of our own that no client may see; the client got a refusal in its place. */
  | { readonly kind: "output-refused"; readonly object: string; readonly field: string }
  | { readonly kind: "ended"; readonly end: TicServerEnd };

export type TicStage =
  | { readonly kind: "initial" }
  | { readonly kind: "challenge"; readonly username: TicUsername }
  | {
      readonly kind: "authenticate";
      readonly username: TicUsername;
      readonly method: TicLoginMethod;
      readonly challenge: string;
      readonly expiresAt: MonotonicMs;
    }
  | { readonly kind: "logged-in"; readonly username: TicUsername }
  | { readonly kind: "ended" };

/** Which commands are taken where; everything else is answered with 400 and changes nothing. */
export const ticStages: { readonly [S in Exclude<TicStage["kind"], "ended">]: readonly TicCommand["kind"][] } = {
  initial: ["get-unixtime", "quit", "client", "starttls", "username"],
  challenge: ["get-unixtime", "quit", "username", "challenge"],
  authenticate: ["get-unixtime", "quit", "username", "challenge", "authenticate"],
  "logged-in": ["get-unixtime", "quit", "tunnel-list", "tunnel-show", "pop-list", "pop-show", "route-list", "route-show"],
};

/** What the next line has to wait for. */
export type TicWaiting =
  | { readonly kind: "answer"; readonly question: TicQuestion; readonly login?: TicLoginTry }
  /** A failed login's reply, held back. */
  | { readonly kind: "delay"; readonly untilMs: MonotonicMs; readonly reply: string; readonly end?: TicServerEnd };

export interface TicServerState {
  readonly stage: TicStage;
  readonly lines: LineState;
  readonly queue: readonly string[];
  readonly waiting: TicWaiting | undefined;
  readonly attempts: number;
  /** TLS is on, or its handshake has begun. */
  readonly secured: boolean;
  readonly idleAt: MonotonicMs;
  readonly endsAt: MonotonicMs;
}
