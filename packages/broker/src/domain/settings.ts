import { defaultCreditPlan, type CreditPlan } from "./credits.ts";
import type { LatencyStep } from "./latency.ts";
import type { ApprovalRule } from "./requests.ts";

export interface BrokerSettings {
  /** Follows the dash of every handle made here: `TMB`. */
  readonly handleSuffix: string;
  /** How long a prefix rests after it was given back; a change holds for what is given back afterwards. */
  readonly quarantineSec: number;
  /** How often a client shall beat. */
  readonly heartbeatSec: number;
  /** How many revisions a PoP may be behind before it must take a snapshot. */
  readonly changesKept: number;
  /** How many endpoints of a tunnel are remembered, the present one included. */
  readonly endpointsKept: number;
  /** How many delegations a tunnel may hold, its default /64 included; a PoP takes at most 64. */
  readonly delegationsPerTunnel: number;
  readonly approval: ApprovalRule;
  /** How many requests of one account may wait at once. */
  readonly requestsWaiting: number;
  readonly credits: CreditPlan;
  /** How long each step of the latency history is kept; at least two days, since reports may be a day late. */
  readonly latencyKeptSec: Readonly<Record<LatencyStep, number>>;
}

export const defaultBrokerSettings: BrokerSettings = {
  handleSuffix: "TMB",
  quarantineSec: 30 * 86_400,
  heartbeatSec: 60,
  changesKept: 10_000,
  endpointsKept: 100,
  delegationsPerTunnel: 16,
  approval: { tunnels: "first", firstTunnels: 1, delegations: "none" },
  requestsWaiting: 5,
  credits: defaultCreditPlan,
  latencyKeptSec: { "5min": 2 * 86_400, hour: 60 * 86_400, day: 3 * 365 * 86_400 },
};
