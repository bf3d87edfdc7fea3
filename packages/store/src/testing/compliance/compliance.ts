import { describe } from "node:test";
import type { OpenFreshStore } from "../fresh.ts";
import { testAccounts } from "./accounts.ts";
import { testAllocation } from "./allocation.ts";
import { testAudit } from "./audit.ts";
import { testConcurrency } from "./concurrency.ts";
import { testCrash } from "./crash.ts";
import { testCredits } from "./credits.ts";
import { testDelegations } from "./delegations.ts";
import { testEvents } from "./events.ts";
import { testHolders } from "./holders.ts";
import { testLatency } from "./latency.ts";
import { testObservations } from "./observations.ts";
import { testPools } from "./pools.ts";
import { testPops } from "./pops.ts";
import { testRequests } from "./requests.ts";
import { testRobot } from "./robot.ts";
import { testStates } from "./states.ts";
import { testTunnels } from "./tunnels.ts";
import { testWaiting } from "./waiting.ts";

/** What the broker promises, on whatever engine `openFreshStore` opens. */
export function describeCompliance(openFreshStore: OpenFreshStore): void {
  const rooms = {
    accounts: testAccounts,
    pops: testPops,
    pools: testPools,
    tunnels: testTunnels,
    allocation: testAllocation,
    holders: testHolders,
    delegations: testDelegations,
    concurrency: testConcurrency,
    states: testStates,
    waiting: testWaiting,
    observations: testObservations,
    requests: testRequests,
    events: testEvents,
    credits: testCredits,
    latency: testLatency,
    robot: testRobot,
    audit: testAudit,
    crash: testCrash,
  };
  for (const [name, define] of Object.entries(rooms)) describe(name, () => define(openFreshStore));
}
