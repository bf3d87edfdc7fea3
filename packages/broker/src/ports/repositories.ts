import type { Ipv4Address, Ipv6Address, Ipv6Prefix, WallSec } from "@tombolo/base";
import type { PoolPlan } from "../domain/addressing.ts";
import type {
  AccessKey,
  Account,
  Delegation,
  DelegationId,
  Encapsulation,
  Endpoint,
  Handle,
  Pool,
  PoolId,
  Pop,
  PopName,
  Switch,
  Tunnel,
  TunnelId,
} from "../domain/types.ts";
import type { CreditDraft } from "../domain/credits.ts";
import type { EventKind, OwnerEvent } from "../domain/events.ts";
import type { LatencyPoint, LatencyRound, LatencyStep } from "../domain/latency.ts";
import type { Decision, RequestId, RequestState, RequestWish, UserRequest } from "../domain/requests.ts";
import type { DayUptime } from "../domain/uptime.ts";
import type { AuditEntry } from "./audit.ts";

/*
 * What a store keeps, seen from inside one transaction. A `lock` holds its row until the transaction ends; the order is
 * account, tunnel, PoP, pools, events, so that nobody waits in a ring. Raising a PoP's revision locks the PoP.
 */
export interface Repositories {
  readonly accounts: AccountRepository;
  readonly accessKeys: AccessKeyRepository;
  readonly pops: PopRepository;
  readonly pools: PoolRepository;
  readonly prefixes: PrefixRepository;
  readonly tunnels: TunnelRepository;
  readonly revisions: RevisionRepository;
  readonly observations: ObservationRepository;
  readonly requests: RequestRepository;
  readonly events: EventRepository;
  readonly credits: CreditRepository;
  readonly latency: LatencyRepository;
  readonly audit: AuditRepository;
}

export interface AccountRepository {
  /** False when the handle is taken. */
  insert(account: Account): Promise<boolean>;
  find(handle: Handle): Promise<Account | undefined>;
  lock(handle: Handle): Promise<Account | undefined>;
  list(): Promise<readonly Account[]>;
  /** Every handle that begins with `start` and ends with `end`. */
  listHandles(start: string, end: string): Promise<readonly Handle[]>;
  setState(handle: Handle, state: Switch): Promise<void>;
}

export interface AccessKeyDraft {
  readonly handle: Handle;
  readonly tunnel: TunnelId | undefined;
  readonly label: string;
  readonly sealed: string;
  readonly createdAt: WallSec;
}

export interface AccessKeyRepository {
  insert(draft: AccessKeyDraft): Promise<AccessKey>;
  list(handle: Handle): Promise<readonly AccessKey[]>;
  /** False when the account has no such key. */
  remove(handle: Handle, id: number): Promise<boolean>;
  /** Sealed keys of the whole account and, when a tunnel is named, of that tunnel; the newest first. */
  listSealed(wish: { readonly handle: Handle; readonly tunnel: TunnelId | undefined; readonly limit: number }): Promise<readonly string[]>;
}

export interface PopRepository {
  /** False when the name is taken. */
  insert(pop: Pop, tokenDigest: string): Promise<boolean>;
  find(name: PopName): Promise<Pop | undefined>;
  findByTokenDigest(tokenDigest: string): Promise<Pop | undefined>;
  list(): Promise<readonly Pop[]>;
  setState(name: PopName, change: Pick<Pop, "state" | "stateMessage" | "stateSince">): Promise<void>;
  setTokenDigest(name: PopName, tokenDigest: string): Promise<void>;
}

export interface PoolRepository {
  /** Keeps others from adding pools until this transaction ends. */
  lockAll(): Promise<void>;
  insert(draft: PoolPlan & { readonly pop: PopName; readonly createdAt: WallSec }): Promise<Pool>;
  find(id: PoolId): Promise<Pool | undefined>;
  list(pop?: PopName): Promise<readonly Pool[]>;
  /** Only one that nothing is held of and nothing rests in; the history of its prefixes stays. */
  remove(id: PoolId, at: WallSec): Promise<void>;
  /** How many of its prefixes are held, and how many rest at `now`. */
  count(id: PoolId, now: WallSec): Promise<{ readonly used: number; readonly resting: number }>;
}

export interface Taker {
  readonly pool: Pool;
  readonly tunnel: TunnelId;
  readonly handle: Handle;
  readonly at: WallSec;
}

export interface Holder {
  readonly tunnel: TunnelId;
  readonly handle: Handle;
  readonly from: WallSec;
  readonly until: WallSec | undefined;
}

/** Which held delegations; what is left out does not limit. */
export interface DelegationFilter {
  readonly handle?: Handle;
  readonly tunnel?: TunnelId;
}

export interface PrefixRepository {
  /**
   * Gives the lowest prefix of the pool that nobody ever had, else the one that rested longest since it may be given
   * again; undefined when there is neither. That no two get the same is a constraint of the store, not of this call.
   */
  take(taker: Taker): Promise<Ipv6Prefix | undefined>;
  /** The same for a prefix routed to the tunnel. */
  delegate(taker: Taker): Promise<Delegation | undefined>;
  /** Sends all that the tunnel holds to rest for `restSec`; gives the prefixes. */
  giveBack(wish: { readonly tunnel: TunnelId; readonly at: WallSec; readonly restSec: number }): Promise<readonly Ipv6Prefix[]>;
  /** The same for one delegation; undefined when nobody holds it. */
  giveBackDelegation(wish: { readonly id: DelegationId; readonly at: WallSec; readonly restSec: number }): Promise<Ipv6Prefix | undefined>;
  findDelegation(id: DelegationId): Promise<Delegation | undefined>;
  listDelegations(filter: DelegationFilter): Promise<readonly Delegation[]>;
  /** One look into the whole history. Of two holders within the same second, the later. */
  findHolder(address: Ipv6Address, at: WallSec): Promise<Holder | undefined>;
}

export interface TunnelDraft {
  readonly handle: Handle;
  readonly pop: PopName;
  readonly encapsulation: Encapsulation;
  readonly staticEndpoint: Ipv4Address | undefined;
  readonly mtuBytes: number;
  readonly heartbeatSec: number;
  readonly sealedSecret: string;
  readonly createdAt: WallSec;
}

export interface TunnelPatch {
  readonly userState?: Switch;
  readonly adminState?: Switch;
  readonly reach?: { readonly encapsulation: Encapsulation; readonly staticEndpoint: Ipv4Address | undefined };
}

/** A tunnel with what its PoP must know besides. */
export interface TunnelTask {
  readonly tunnel: Tunnel;
  readonly sealedSecret: string;
  readonly accountState: Switch;
}

export interface TunnelRepository {
  /** The row alone; it is no whole tunnel before it took a prefix. */
  insert(draft: TunnelDraft): Promise<TunnelId>;
  find(id: TunnelId): Promise<Tunnel | undefined>;
  lock(id: TunnelId): Promise<Tunnel | undefined>;
  list(filter: { readonly handle?: Handle; readonly pop?: PopName }): Promise<readonly Tunnel[]>;
  update(id: TunnelId, patch: TunnelPatch): Promise<void>;
  /** With its keys and what was seen of it; the history of its prefixes and endpoints stays. */
  remove(id: TunnelId): Promise<void>;
  findSealedSecret(id: TunnelId): Promise<string | undefined>;
  /** Of these tunnels, or of all, those that are at `pop`. */
  listTasks(pop: PopName, ids?: readonly TunnelId[]): Promise<readonly TunnelTask[]>;
}

export interface RevisionRepository {
  /**
   * The next revision of the PoP, whose row is now locked: revisions become visible in their order. Forgets what lies
   * `kept` revisions back. Undefined when there is no such PoP.
   */
  raise(pop: PopName, kept: number): Promise<number | undefined>;
  /** Writes into the outbox that these tunnels are other than before, or gone. */
  note(pop: PopName, revision: number, tunnels: readonly TunnelId[]): Promise<void>;
  /** `forgotten` is the highest revision that the outbox no longer holds. */
  find(pop: PopName): Promise<{ readonly revision: number; readonly forgotten: number } | undefined>;
  /** Each tunnel once that changed after `since`. */
  listChanged(pop: PopName, since: number): Promise<readonly TunnelId[]>;
}

export interface EndpointSeen {
  readonly tunnel: TunnelId;
  readonly ipv4: Ipv4Address;
  readonly port: number;
  readonly at: WallSec;
}

export interface Counters {
  readonly at: WallSec;
  readonly inPackets: number;
  readonly inBytes: number;
  readonly outPackets: number;
  readonly outBytes: number;
  readonly drops: number;
}

/** At most one of each kind for a tunnel in a call; older news than what is held changes nothing. */
export interface ObservationRepository {
  /** Those of `ids` that are at `pop`. */
  listAt(pop: PopName, ids: readonly TunnelId[]): Promise<ReadonlySet<TunnelId>>;
  /** Gives those that were never seen before. */
  takeSeen(seen: readonly { readonly tunnel: TunnelId; readonly at: WallSec }[]): Promise<readonly TunnelId[]>;
  takeCounters(counters: readonly (Counters & { readonly tunnel: TunnelId })[]): Promise<void>;
  /** Keeps the latest `kept` endpoints of each tunnel; one reported again is not a new one. */
  takeEndpoints(endpoints: readonly EndpointSeen[], kept: number): Promise<void>;
  findCounters(tunnel: TunnelId): Promise<Counters | undefined>;
  /** The newest first. */
  listEndpoints(tunnel: TunnelId): Promise<readonly Endpoint[]>;
}

export interface RequestDraft {
  readonly handle: Handle;
  readonly wish: RequestWish;
  readonly reason: string;
  readonly createdAt: WallSec;
}

/** Changed only while the account is locked. */
export interface RequestRepository {
  insert(draft: RequestDraft): Promise<RequestId>;
  find(id: RequestId): Promise<UserRequest | undefined>;
  /** The newest first, at most `limit`. */
  list(wish: { readonly handle?: Handle; readonly state?: RequestState; readonly limit: number }): Promise<readonly UserRequest[]>;
  countWaiting(handle: Handle): Promise<number>;
  decide(id: RequestId, decision: Decision): Promise<void>;
}

/** What an event tells beside whom it is for. */
export interface EventNews {
  readonly at: WallSec;
  readonly kind: EventKind;
  readonly detail: string;
}

/** Rows are only ever added, and become visible in the order of their numbers: who has read up to one missed nothing. */
export interface EventRepository {
  add(event: OwnerEvent): Promise<void>;
  /** One for each account that has a tunnel at `pop`. */
  addForOwners(pop: PopName, news: EventNews): Promise<void>;
  /** One for each tunnel, told to its owner. */
  addForTunnels(tunnels: readonly TunnelId[], news: EventNews): Promise<void>;
  /** In their order: the first `limit` after `after`, or the last when that is left out. */
  list(wish: {
    readonly after?: number;
    readonly handle?: Handle;
    readonly limit: number;
  }): Promise<readonly (OwnerEvent & { readonly id: number })[]>;
}

/** Rows are only ever added. */
export interface CreditRepository {
  /** Leaves out what was credited for its tunnel and period before, and a second signup; gives how many it wrote. */
  add(entries: readonly CreditDraft[]): Promise<number>;
  /** Every account that has no "signup" yet gets this one. */
  addSignups(wish: { readonly at: WallSec; readonly amount: number }): Promise<number>;
  /** When each of these accounts got its signup: from then on the plan holds for it. */
  listSignups(handles: readonly Handle[]): Promise<ReadonlyMap<Handle, WallSec>>;
  balance(handle: Handle): Promise<number>;
  /** The newest first. */
  list(handle: Handle, limit: number): Promise<readonly (CreditDraft & { readonly id: number })[]>;
}

/** A tunnel with its days of latency. */
export interface TunnelUptime {
  readonly tunnel: TunnelId;
  readonly handle: Handle;
  readonly pop: PopName;
  /** Its endpoint was set by its owner. */
  readonly isStatic: boolean;
  /** By both, owner and operator. */
  readonly isEnabled: boolean;
  readonly createdAt: WallSec;
  readonly days: readonly DayUptime[];
}

export interface LatencyRepository {
  /** Adds rounds, which are in the order of their time, to their five minutes; one that was taken before changes nothing. */
  take(rounds: readonly LatencyRound[]): Promise<void>;
  /** Brings up to `limit` changed rows of a step into the next one; gives how many. */
  fold(wish: { readonly from: LatencyStep; readonly to: LatencyStep; readonly limit: number }): Promise<number>;
  /** Removes up to `limit` folded rows that begin before; gives how many. */
  forget(wish: { readonly step: LatencyStep; readonly before: WallSec; readonly limit: number }): Promise<number>;
  /** From `from` up to but not including `to`, in their order. */
  list(wish: {
    readonly tunnel: TunnelId;
    readonly from: WallSec;
    readonly to: WallSec;
    readonly step: LatencyStep;
    readonly limit: number;
  }): Promise<readonly LatencyPoint[]>;
  /** The next `limit` tunnels after `after` that have days from `from` on. */
  listUptimes(wish: {
    readonly after: TunnelId | undefined;
    readonly from: WallSec;
    readonly limit: number;
  }): Promise<readonly TunnelUptime[]>;
}

export interface AuditRepository {
  add(...entries: readonly AuditEntry[]): Promise<void>;
  /** The newest first. */
  list(limit: number): Promise<readonly AuditEntry[]>;
}
