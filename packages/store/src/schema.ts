import type { Generated } from "kysely";
import type { AuditEvent, CreditKind, Encapsulation, EventKind, PoolPurpose, RequestState, Switch } from "@tombolo/broker";

/*
 * The tables as both engines have them; `migrations/` makes them. Numbers are whole and below 2^53, times are seconds
 * since 1970 UTC, addresses and prefixes are their canonical text (RFC 5952), so that equal ones are equal text.
 */
export interface Schema {
  account: AccountTable;
  access_key: AccessKeyTable;
  pop: PopTable;
  pop_change: PopChangeTable;
  pool: PoolTable;
  allocation: AllocationTable;
  delegation: DelegationTable;
  tunnel: TunnelTable;
  tunnel_seen: TunnelSeenTable;
  tunnel_counters: TunnelCountersTable;
  tunnel_endpoint: TunnelEndpointTable;
  endpoint_history: EndpointHistoryTable;
  request: RequestTable;
  event: EventTable;
  credit: CreditTable;
  latency: LatencyTable;
  audit: AuditTable;
}

export interface AccountTable {
  handle: string;
  full_name: string;
  email: string;
  state: Switch;
  created_at: number;
}

export interface AccessKeyTable {
  id: Generated<number>;
  handle: string;
  tunnel_id: number | null;
  label: string;
  sealed: string;
  created_at: number;
}

export interface PopTable {
  name: string;
  city: string;
  country: string;
  outer_ipv4: string;
  state: "up" | "down";
  state_message: string;
  state_since: number;
  token_digest: string;
  revision: Generated<number>;
  /** The highest revision whose rows in `pop_change` are gone. */
  forgotten: Generated<number>;
  created_at: number;
}

/** The outbox: this tunnel became other at this revision. */
export interface PopChangeTable {
  pop: string;
  revision: number;
  tunnel_id: number;
}

export interface PoolTable {
  id: Generated<number>;
  pop: string;
  purpose: PoolPurpose;
  prefix: string;
  length_bits: number;
  /** The lowest position that nobody ever had. */
  next_position: number;
  /** One past the highest. */
  end_position: number;
  created_at: number;
  /** The row stays for the history of its prefixes. */
  removed_at: number | null;
}

/** One row for each time that a prefix was given: the present and the history. */
export interface AllocationTable {
  id: Generated<number>;
  pool_id: number;
  position: number;
  prefix: string;
  purpose: PoolPurpose;
  tunnel_id: number;
  handle: string;
  given_at: number;
  returned_at: number | null;
  reusable_at: number | null;
  /** 0 while held or resting; its own id once the prefix went to another. (prefix, retired) is unique. */
  retired: Generated<number>;
}

export interface DelegationTable {
  id: Generated<number>;
  allocation_id: number;
}

export interface TunnelTable {
  id: Generated<number>;
  handle: string;
  pop: string;
  encapsulation: Encapsulation;
  user_state: Generated<Switch>;
  admin_state: Generated<Switch>;
  mtu_bytes: number;
  heartbeat_sec: number;
  static_endpoint: string | null;
  sealed_secret: string;
  created_at: number;
}

export interface TunnelSeenTable {
  tunnel_id: number;
  at: number;
}

export interface TunnelCountersTable {
  tunnel_id: number;
  at: number;
  in_packets: number;
  in_bytes: number;
  out_packets: number;
  out_bytes: number;
  drops: number;
}

export interface TunnelEndpointTable {
  tunnel_id: number;
  ipv4: string;
  port: number;
  since: number;
}

export interface EndpointHistoryTable {
  id: Generated<number>;
  tunnel_id: number;
  ipv4: string;
  port: number;
  since: number;
}

export interface RequestTable {
  id: Generated<number>;
  handle: string;
  kind: "tunnel" | "delegation";
  /** Of a tunnel, with the three that follow. */
  pop: string | null;
  encapsulation: Encapsulation | null;
  static_endpoint: string | null;
  mtu_bytes: number | null;
  /** Of a delegation, with the length. */
  for_tunnel_id: number | null;
  length_bits: number | null;
  reason: string;
  state: RequestState;
  created_at: number;
  decided_at: number | null;
  decided_by: "rule" | "staff" | null;
  decision_reason: Generated<string>;
  /** What came of it. */
  tunnel_id: number | null;
  delegation_id: number | null;
}

export interface EventTable {
  id: Generated<number>;
  at: number;
  kind: EventKind;
  handle: string;
  pop: string | null;
  tunnel_id: number | null;
  request_id: number | null;
  detail: string;
}

export interface CreditTable {
  id: Generated<number>;
  at: number;
  handle: string;
  kind: CreditKind;
  amount: number;
  tunnel_id: number | null;
  request_id: number | null;
  /** (tunnel, kind, period) is unique. */
  period: number | null;
  note: string;
}

export interface LatencyTable {
  tunnel_id: number;
  /** 300, 3,600 or 86,400 seconds. */
  step: number;
  /** The step's first second. */
  at: number;
  /** The newest round in it: what is not newer was taken before. */
  last_at: number;
  sent: number;
  received: number;
  /** Microseconds; null when nothing was received. */
  min_us: number | null;
  max_us: number | null;
  sum_us: number;
  /** 1 while the next step does not hold it yet. */
  fresh: number;
}

export interface AuditTable {
  id: Generated<number>;
  at: number;
  event: AuditEvent;
  handle: string | null;
  pop: string | null;
  tunnel_id: number | null;
  detail: string;
}
