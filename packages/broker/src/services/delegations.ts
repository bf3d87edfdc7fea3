import { formatPrefix, type WallClock, type WallSec } from "@tombolo/base";
import type { Delegations } from "../broker.ts";
import { parseHandle } from "../domain/handle.ts";
import { parseTunnelId } from "../domain/ids.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import type { Delegation, DelegationId, Tunnel } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";
import type { Store } from "../ports/store.ts";
import { giveDelegation } from "./allocation.ts";
import { getDelegation, getTunnel, lockAccount, lockTunnel, raiseRevision, refuseDisabled } from "./refusals.ts";

export interface DelegationsNeeds {
  readonly store: Store;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

export function makeDelegations({ store, clock, settings }: DelegationsNeeds): Delegations {
  return {
    add: ({ tunnel: id, lengthBits }) =>
      store.write(async (repositories) => {
        const { handle } = await getTunnel(repositories.tunnels, id);
        refuseDisabled(await lockAccount(repositories.accounts, handle));
        const tunnel = await lockTunnel(repositories.tunnels, id);
        return addDelegation(repositories, { tunnel, lengthBits, at: clock.nowSec(), settings });
      }),

    async list(filter = {}) {
      // What can't be a name names nothing.
      const handle = filter.handle === undefined ? undefined : parseHandle(filter.handle);
      if (handle?.ok === false || (filter.tunnel !== undefined && !parseTunnelId(filter.tunnel).ok)) return [];
      const wanted = handle === undefined ? filter : { ...filter, handle: handle.value };
      return store.read(({ prefixes }) => prefixes.listDelegations(wanted));
    },

    get: (id) => store.read(({ prefixes }) => getDelegation(prefixes, id)),

    remove: (id) => store.write((repositories) => removeDelegation(repositories, { id, at: clock.nowSec(), settings })),
  };
}

/** One more delegation for a tunnel that is locked, as is its account. */
export async function addDelegation(
  repositories: Repositories,
  wish: { readonly tunnel: Tunnel; readonly lengthBits: number; readonly at: WallSec; readonly settings: BrokerSettings },
): Promise<Delegation> {
  const { tunnel, lengthBits, at, settings } = wish;
  refuseFull(tunnel, settings.delegationsPerTunnel);
  const { id, pop, handle } = tunnel;
  const revision = await raiseRevision(repositories.revisions, pop, settings.changesKept);
  const delegation = await giveDelegation(repositories, { pop, tunnel: id, handle, at }, lengthBits);
  await repositories.revisions.note(pop, revision, [id]);
  return delegation;
}

export function refuseFull(tunnel: Tunnel, most: number): void {
  if (tunnel.delegations.length < most) return;
  throw new BrokerError("delegations-full", `${tunnel.id} holds ${tunnel.delegations.length} delegations; ${most} are the most`);
}

/** Sends a delegation to rest; the tunnel's PoP learns of it. */
export async function removeDelegation(
  { tunnels, prefixes, revisions, audit }: Repositories,
  { id, at, settings }: { readonly id: DelegationId; readonly at: WallSec; readonly settings: BrokerSettings },
): Promise<void> {
  const held = await getDelegation(prefixes, id);
  const tunnel = await lockTunnel(tunnels, held.tunnel);
  const revision = await raiseRevision(revisions, tunnel.pop, settings.changesKept);
  // Another may have been quicker while we waited for the lock.
  const { prefix } = await getDelegation(prefixes, id);
  await prefixes.giveBackDelegation({ id, at, restSec: settings.quarantineSec });
  await revisions.note(tunnel.pop, revision, [tunnel.id]);
  const { handle, pop } = tunnel;
  await audit.add({ at, event: "prefix.returned", handle, pop, tunnel: tunnel.id, detail: `${formatPrefix(prefix)} of ${id}` });
}
