import type { WallClock } from "@tombolo/base";
import type { StateChange, States } from "../broker.ts";
import { parseTunnelId } from "../domain/ids.ts";
import { parsePopName } from "../domain/pop-name.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import type { PopName, TunnelId, TunnelOrder } from "../domain/types.ts";
import type { Repositories, TunnelTask } from "../ports/repositories.ts";
import type { Sealer } from "../ports/sealer.ts";
import type { Store } from "../ports/store.ts";
import { sortObservations } from "./observations.ts";
import { getPop, popNotFound } from "./refusals.ts";

export interface StatesNeeds {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

/** A state as the store gave it, its secrets still sealed. */
type SealedChange = Omit<StateChange, "tunnels"> & { readonly tasks: readonly TunnelTask[] };

export function makeStates({ store, sealer, clock, settings }: StatesNeeds): States {
  // Opened outside the transaction: a big snapshot must not hold it longer than its reads take.
  const open = ({ tasks, ...rest }: SealedChange): StateChange => ({ ...rest, tunnels: tasks.map((task) => makeOrder(task, sealer)) });
  return {
    async snapshot(name) {
      return open(
        await store.read(async (repositories) => {
          const { revision } = await getRevision(repositories, name);
          return readState(repositories, { name, revision, removed: [], tasks: await repositories.tunnels.listTasks(name) });
        }),
      );
    },

    async changesSince(name, since) {
      const change = await store.read(async (repositories) => {
        const { revision, forgotten } = await getRevision(repositories, name);
        if (since === revision) return undefined;
        // A PoP ahead of us has seen a database that was put back since: only a snapshot brings it right.
        if (!Number.isSafeInteger(since) || since < forgotten || since > revision) return "too-old";
        const changed = await repositories.revisions.listChanged(name, since);
        const tasks = await repositories.tunnels.listTasks(name, changed);
        const here = new Set(tasks.map((task) => task.tunnel.id));
        return readState(repositories, { name, revision, removed: changed.filter((id) => !here.has(id)), tasks });
      });
      return change === undefined || change === "too-old" ? change : open(change);
    },

    wait: (name, signal, since) => store.wait(name, since, signal),

    async observe(name, observations) {
      const now = clock.nowSec();
      return store.write(async (repositories) => {
        await getPop(repositories.pops, name);
        const ids = [...new Set(observations.map((observation) => observation.tunnel))].filter((id) => parseTunnelId(id).ok);
        const here = await repositories.observations.listAt(name, ids);
        const { seen, counters, endpoints, rounds, refused } = sortObservations(observations, { here, now });
        const first = await repositories.observations.takeSeen(seen);
        await repositories.latency.take(rounds);
        await repositories.observations.takeCounters(counters);
        await repositories.observations.takeEndpoints(endpoints, settings.endpointsKept);
        if (first.length > 0) await repositories.events.addForTunnels(first, { at: now, kind: "tunnel.live", detail: "" });
        return { taken: observations.length - refused, refused };
      });
    },
  };
}

interface StateParts {
  readonly name: PopName;
  readonly revision: number;
  readonly removed: readonly TunnelId[];
  readonly tasks: readonly TunnelTask[];
}

async function readState({ pops, pools }: Repositories, { name, ...parts }: StateParts): Promise<SealedChange> {
  return { ...parts, pop: await getPop(pops, name), pools: await pools.list(name) };
}

async function getRevision({ revisions }: Repositories, name: PopName): Promise<{ readonly revision: number; readonly forgotten: number }> {
  const found = parsePopName(name).ok ? await revisions.find(name) : undefined;
  if (found === undefined) throw popNotFound(name);
  return found;
}

/** A PoP carries a tunnel only when both states say so; a disabled account shows there as the operator's no. */
function makeOrder({ tunnel, sealedSecret, accountState }: TunnelTask, sealer: Sealer): TunnelOrder {
  const adminState = accountState === "disabled" ? "disabled" : tunnel.adminState;
  return { tunnel: { ...tunnel, adminState }, secret: sealer.unseal(sealedSecret, "tunnel-secret") };
}
