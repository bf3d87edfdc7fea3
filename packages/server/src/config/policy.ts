import type { BrokerSettings } from "@tombolo/broker";
import type { Settings } from "./settings.ts";

/** The sections that say how the broker decides. */
export type PolicySections = Pick<Settings, "broker" | "requests" | "credits">;

/** The broker's settings out of the file's. */
export function readPolicy({ broker, requests, credits }: PolicySections): Partial<BrokerSettings> {
  return {
    handleSuffix: broker.handleSuffix,
    quarantineSec: broker.quarantineDays * 86_400,
    heartbeatSec: broker.heartbeatSec,
    approval: {
      tunnels: requests.approveTunnels,
      firstTunnels: requests.firstTunnels,
      delegations: requests.approveDelegations,
    },
    requestsWaiting: requests.waitingPerAccount,
    credits: {
      enabled: credits.enabled,
      amounts: {
        signup: credits.signup,
        "good-week": credits.goodWeek,
        "request-tunnel": credits.requestTunnel,
        "approve-tunnel": credits.approveTunnel,
        "request-delegation": credits.requestDelegation,
        "approve-delegation": credits.approveDelegation,
        "change-tunnel": credits.changeTunnel,
        "remove-tunnel": credits.removeTunnel,
        "remove-delegation": credits.removeDelegation,
        "dead-day": credits.deadDay,
        "dead-week": credits.deadWeek,
      },
      mayRequestFrom: credits.mayRequestFrom,
      disableDeadStatic: credits.disableDeadStatic,
    },
  };
}
