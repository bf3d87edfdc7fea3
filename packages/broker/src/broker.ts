import type { Ipv4Address, Ipv6Address, Ipv6Prefix, WallSec } from "@tombolo/base";
import type {
  AccessKey,
  Account,
  Delegation,
  DelegationId,
  Encapsulation,
  Endpoint,
  Handle,
  Observation,
  Pool,
  PoolId,
  PoolPurpose,
  Pop,
  PopName,
  Switch,
  Tunnel,
  TunnelId,
  TunnelOrder,
} from "./domain/types.ts";

import type { CreditStatement } from "./domain/credits.ts";
import type { LatencyPoint, LatencyStep } from "./domain/latency.ts";
import type { OwnerEvent } from "./domain/events.ts";
import type { RequestId, RequestState, RequestWish, UserRequest } from "./domain/requests.ts";

/** The services of the broker. Every method is one transaction; refusals are thrown as `BrokerError` with a `code` of the closed list. */
export interface Broker {
  readonly accounts: Accounts;
  readonly pops: Pops;
  readonly pools: Pools;
  readonly tunnels: Tunnels;
  readonly delegations: Delegations;
  readonly requests: Requests;
  readonly events: Events;
  readonly owners: Owners;
  readonly credits: Credits;
  readonly latency: Latency;
  readonly robot: Robot;
  readonly states: States;
}

export interface Accounts {
  /** Makes the handle from the name's initials when none is given. The key is shown here and never again. */
  add(wish: { fullName: string; email: string; handle?: Handle }): Promise<{ account: Account; accessKey: string }>;
  list(): Promise<readonly Account[]>;
  get(handle: Handle): Promise<Account>;
  /** A disabled account's keys let nobody in, and its PoPs carry none of its tunnels. */
  setState(handle: Handle, state: Switch): Promise<Account>;
  addKey(wish: { handle: Handle; tunnel?: TunnelId; label: string }): Promise<{ key: AccessKey; accessKey: string }>;
  listKeys(handle: Handle): Promise<readonly AccessKey[]>;
  /** The key lets nobody in from now on. False when the account has no such key. */
  removeKey(handle: Handle, id: number): Promise<boolean>;
  /**
   * The clear access keys that may log `handle` in by a challenge: the account's own and, when `tunnel` is given, that
   * tunnel's too; the newest first, a bounded number. Empty when there is no such account, it is disabled, or the tunnel is not its own.
   */
  readKeysForChallenge(handle: Handle, tunnel: TunnelId | undefined): Promise<readonly string[]>;
}

export interface Pops {
  /** The token is what the PoP's agent shows to this broker; shown once. */
  add(wish: { name: PopName; city: string; country: string; outerIpv4: Ipv4Address }): Promise<{ pop: Pop; token: string }>;
  list(): Promise<readonly Pop[]>;
  get(name: PopName): Promise<Pop>;
  setState(name: PopName, state: "up" | "down", message: string): Promise<Pop>;
  /** A new token; the old one ends. */
  renewToken(name: PopName): Promise<string>;
  findByToken(token: string): Promise<Pop | undefined>;
}

export interface Pools {
  add(wish: { pop: PopName; purpose: PoolPurpose; prefix: Ipv6Prefix; lengthBits: number }): Promise<Pool>;
  list(pop?: PopName): Promise<readonly Pool[]>;
  get(id: PoolId): Promise<Pool & { readonly used: number; readonly resting: number; readonly free: bigint }>;
  /** Only when none of its prefixes is held or rests; who had them stays known. */
  remove(id: PoolId): Promise<void>;
}

/** Prefixes that are routed to a tunnel, beyond the /64 that it got at once. */
export interface Delegations {
  /** A prefix of `lengthBits` out of the pools of the tunnel's PoP that give this length. */
  add(wish: { tunnel: TunnelId; lengthBits: number }): Promise<Delegation>;
  list(filter?: { handle?: Handle; tunnel?: TunnelId }): Promise<readonly Delegation[]>;
  get(id: DelegationId): Promise<Delegation>;
  /** The prefix goes into quarantine. */
  remove(id: DelegationId): Promise<void>;
}

export interface Tunnels {
  /** Allocates the tunnel's prefix and, when the PoP has a delegation pool of /64s, its default /64. */
  add(wish: {
    handle: Handle;
    pop: PopName;
    encapsulation: Encapsulation;
    mtuBytes?: number;
    staticEndpoint?: Ipv4Address;
  }): Promise<Tunnel>;
  list(filter?: { handle?: Handle; pop?: PopName }): Promise<readonly Tunnel[]>;
  get(id: TunnelId): Promise<Tunnel>;
  /** The prefix goes into quarantine. */
  remove(id: TunnelId): Promise<void>;
  setUserState(id: TunnelId, state: Switch): Promise<Tunnel>;
  setAdminState(id: TunnelId, state: Switch): Promise<Tunnel>;
  setEncapsulation(id: TunnelId, encapsulation: Encapsulation, staticEndpoint?: Ipv4Address): Promise<Tunnel>;
  /** The tunnel's shared secret (AYIYA K, beats), for its owner and its PoP only. */
  readSecret(id: TunnelId): Promise<string>;
  /** Where its client was, the newest first, as many as are kept; of a removed tunnel too. */
  listEndpoints(id: TunnelId): Promise<readonly Endpoint[]>;
  /** Who held `address` at time `at`; looks into quarantine and the past too. */
  findHolder(
    address: Ipv6Address,
    at: WallSec,
  ): Promise<{ tunnel: TunnelId; handle: Handle; from: WallSec; until: WallSec | undefined } | undefined>;
}

/** What users ask for, with a reason; the operator's rule approves it at once, or staff decides. */
export interface Requests {
  /** `state` of the answer tells whether the rule approved it. What is impossible is refused and leaves no request. */
  add(asked: { handle: Handle; wish: RequestWish; reason: string }): Promise<UserRequest>;
  /** The newest first, at most 1,000. */
  list(filter?: { handle?: Handle; state?: RequestState }): Promise<readonly UserRequest[]>;
  get(id: RequestId): Promise<UserRequest>;
  /** Gives what was asked for; when that can't be given, the request goes on waiting. */
  approve(id: RequestId): Promise<UserRequest>;
  /** The user is told the reason. */
  reject(id: RequestId, reason: string): Promise<UserRequest>;
}

/** What owners are to be told: an outbox that a mailer reads at its own pace. */
export interface Events {
  /** In their order: those after the number `after`, or the newest when it is left out. `limit` is 1 to 1,000, else 100. */
  list(wish?: { after?: number; handle?: Handle; limit?: number }): Promise<readonly (OwnerEvent & { readonly id: number })[]>;
}

/** What owners do with what is theirs, as a portal lets them. What costs credits is charged, at any balance. */
export interface Owners {
  changeTunnel(wish: { handle: Handle; tunnel: TunnelId; encapsulation: Encapsulation; staticEndpoint?: Ipv4Address }): Promise<Tunnel>;
  removeTunnel(handle: Handle, tunnel: TunnelId): Promise<void>;
  removeDelegation(handle: Handle, delegation: DelegationId): Promise<void>;
}

/** A ledger in which every balance is explained by its entries; nothing is in it while the plan is not enabled. */
export interface Credits {
  /** The newest 1,000 entries, the oldest of them first. */
  read(handle: Handle): Promise<CreditStatement>;
  /** Staff gives, or takes with an amount below zero. */
  grant(wish: { handle: Handle; amount: number; note: string }): Promise<CreditStatement>;
}

/** How long a tunnel's far end took to answer its PoP, and how often it did not. */
export interface Latency {
  /** From `from` up to but not including `to`, the oldest first; steps without rounds are left out. */
  read(wish: { tunnel: TunnelId; from: WallSec; to: WallSec; step: LatencyStep }): Promise<readonly LatencyPoint[]>;
}

export interface DailyReport {
  readonly goodWeeks: number;
  readonly deadDays: number;
  readonly deadWeeks: number;
  readonly disabled: number;
}

/** What must happen as time passes. Each may run at any time, as often as one likes and on several brokers at once. */
export interface Robot {
  /** Folds new latency into hours and days, and forgets what was kept long enough; every few minutes. */
  rollUp(now: WallSec): Promise<{ readonly folded: number; readonly forgotten: number }>;
  /** Credits good weeks, charges dead static endpoints and disables those that were dead for a week; at least once a day. */
  runDaily(now: WallSec): Promise<DailyReport>;
}

/** The part of the platform's AbortSignal that this package needs. */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** One page of what a PoP must know; `tunnels` and `removed` are to be applied, then `revision` is held. */
export interface StateChange {
  readonly revision: number;
  readonly pop: Pop;
  readonly pools: readonly Pool[];
  readonly tunnels: readonly TunnelOrder[];
  readonly removed: readonly TunnelId[];
}

export interface States {
  /** Everything, at one revision. */
  snapshot(pop: PopName): Promise<StateChange>;
  /** What came after `since`; undefined when nothing did; "too-old" when the outbox no longer reaches back: take a snapshot. */
  changesSince(pop: PopName, since: number): Promise<StateChange | "too-old" | undefined>;
  /**
   * Settles when the revision of `pop` may have moved, or at abort; only a wake-up, the table is the truth. With `since`,
   * the revision that the caller holds, it settles when the PoP's is another, and misses no change between two calls;
   * without it, it settles about once a second.
   */
  wait(pop: PopName, signal: CancelSignal, since?: number): Promise<void>;
  /** Observations about tunnels that are not at this PoP are dropped and counted in the answer. */
  observe(pop: PopName, observations: readonly Observation[]): Promise<{ taken: number; refused: number }>;
}
