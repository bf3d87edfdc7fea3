import type { BrokerSettings } from "@tombolo/broker";
import type { Settings } from "./settings.ts";

/** The sections that say how the broker decides. */
export type PolicySections = Pick<Settings, "broker" | "requests">;

/** The broker's settings out of the file's. */
export function readPolicy({ broker, requests }: PolicySections): Partial<BrokerSettings> {
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
  };
}
