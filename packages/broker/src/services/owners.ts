import type { WallClock } from "@tombolo/base";
import type { Owners } from "../broker.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import type { Handle, Tunnel, TunnelId } from "../domain/types.ts";
import type { Repositories } from "../ports/repositories.ts";
import type { Store } from "../ports/store.ts";
import { charge } from "./charging.ts";
import { removeDelegation } from "./delegations.ts";
import { chooseReach } from "./reach.ts";
import { delegationNotFound, getDelegation, lockAccount, lockTunnel, refuseDisabled, tunnelNotFound } from "./refusals.ts";
import { changeReach, removeTunnel } from "./tunnel-changes.ts";

export interface OwnersNeeds {
  readonly store: Store;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

/** Another's tunnel answers like one that is not there. */
export function makeOwners({ store, clock, settings }: OwnersNeeds): Owners {
  const plan = settings.credits;
  return {
    async changeTunnel({ handle: wanted, tunnel: id, encapsulation, staticEndpoint }) {
      const reach = chooseReach(encapsulation, staticEndpoint);
      return store.write(async (repositories) => {
        const before = await lockOwn(repositories, wanted, id);
        const at = clock.nowSec();
        const after = await changeReach(repositories, before, { reach, at, settings });
        const { handle } = before;
        if (after !== before) await charge(repositories.credits, plan, "change-tunnel", { at, handle, tunnel: id });
        return after;
      });
    },

    removeTunnel: (wanted, id) =>
      store.write(async (repositories) => {
        const tunnel = await lockOwn(repositories, wanted, id);
        const at = clock.nowSec();
        await removeTunnel(repositories, { tunnel, at, settings });
        await charge(repositories.credits, plan, "remove-tunnel", { at, handle: tunnel.handle, tunnel: id });
      }),

    removeDelegation: (wanted, id) =>
      store.write(async (repositories) => {
        const account = await lockAccount(repositories.accounts, wanted);
        refuseDisabled(account);
        const { handle } = account;
        const { tunnel } = await getDelegation(repositories.prefixes, id);
        const owner = (await repositories.tunnels.find(tunnel))?.handle;
        if (owner !== handle) throw delegationNotFound(id);
        const at = clock.nowSec();
        await removeDelegation(repositories, { id, at, settings });
        await charge(repositories.credits, plan, "remove-delegation", { at, handle, tunnel, note: id });
      }),
  };
}

async function lockOwn({ accounts, tunnels }: Repositories, wanted: Handle, id: TunnelId): Promise<Tunnel> {
  const account = await lockAccount(accounts, wanted);
  refuseDisabled(account);
  const tunnel = await lockTunnel(tunnels, id);
  if (tunnel.handle !== account.handle) throw tunnelNotFound(id);
  return tunnel;
}
