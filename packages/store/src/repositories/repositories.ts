import type { Repositories } from "@tombolo/broker";
import { makeAccessKeyRepository } from "./access-keys.ts";
import { makeAccountRepository } from "./accounts.ts";
import { makeAuditRepository } from "./audit.ts";
import { makeCreditRepository } from "./credits.ts";
import { makeEventRepository } from "./events.ts";
import { makeLatencyRepository } from "./latency.ts";
import { makeObservationRepository } from "./observations.ts";
import { makePoolRepository } from "./pools.ts";
import { makePopRepository } from "./pops.ts";
import { makePrefixRepository } from "./prefixes.ts";
import { makeRequestRepository } from "./requests.ts";
import { makeRevisionRepository } from "./revisions.ts";
import type { Scope } from "./scope.ts";
import { makeTunnelRepository } from "./tunnels.ts";

/** Everything that is kept, seen from inside one transaction. */
export function makeRepositories(scope: Scope): Repositories {
  return {
    accounts: makeAccountRepository(scope),
    accessKeys: makeAccessKeyRepository(scope),
    pops: makePopRepository(scope),
    pools: makePoolRepository(scope),
    prefixes: makePrefixRepository(scope),
    tunnels: makeTunnelRepository(scope),
    revisions: makeRevisionRepository(scope),
    observations: makeObservationRepository(scope),
    requests: makeRequestRepository(scope),
    events: makeEventRepository(scope),
    credits: makeCreditRepository(scope),
    latency: makeLatencyRepository(scope),
    audit: makeAuditRepository(scope),
  };
}
