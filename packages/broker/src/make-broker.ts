import { assert, type Random, type WallClock } from "@tombolo/base";
import type { Broker } from "./broker.ts";
import { isHandleSuffix } from "./domain/handle.ts";
import { defaultBrokerSettings, type BrokerSettings } from "./domain/settings.ts";
import type { Sealer, Sha256 } from "./ports/sealer.ts";
import type { Store } from "./ports/store.ts";
import { makeAccounts } from "./services/accounts.ts";
import { makeCredits } from "./services/credits.ts";
import { makeDelegations } from "./services/delegations.ts";
import { makeEvents } from "./services/events.ts";
import { makeLatency } from "./services/latency.ts";
import { makeOwners } from "./services/owners.ts";
import { makePools } from "./services/pools.ts";
import { makePops } from "./services/pops.ts";
import { makeRequests } from "./services/requests.ts";
import { makeRobot } from "./services/robot.ts";
import { makeStates } from "./services/states.ts";
import { makeTunnels } from "./services/tunnels.ts";

export interface BrokerNeeds {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly sha256: Sha256;
  /** Cryptographic: keys, secrets and tokens come from it. */
  readonly random: Random;
  readonly clock: WallClock;
  /** What is left out is as in `defaultBrokerSettings`. */
  readonly settings?: Partial<BrokerSettings>;
}

/** The broker's services over a store; holds nothing itself, so any number may share one database. */
export function makeBroker(needs: BrokerNeeds): Broker {
  const settings = { ...defaultBrokerSettings, ...needs.settings };
  assert(isHandleSuffix(settings.handleSuffix), "a handle's suffix is 2 to 9 of A-Z and 0-9, a letter first");
  const { store, sealer, sha256, random, clock } = needs;
  return {
    accounts: makeAccounts({ store, sealer, random, clock, settings }),
    pops: makePops({ store, sha256, random, clock, settings }),
    pools: makePools({ store, clock, settings }),
    tunnels: makeTunnels({ store, sealer, random, clock, settings }),
    delegations: makeDelegations({ store, clock, settings }),
    requests: makeRequests({ store, sealer, random, clock, settings }),
    events: makeEvents({ store }),
    owners: makeOwners({ store, clock, settings }),
    credits: makeCredits({ store, clock, settings }),
    latency: makeLatency({ store }),
    robot: makeRobot({ store, settings }),
    states: makeStates({ store, sealer, clock, settings }),
  };
}
