import type { Random, WallClock } from "@tombolo/base";
import type { Tunnels } from "../broker.ts";
import { parseHandle } from "../domain/handle.ts";
import { parseTunnelId } from "../domain/ids.ts";
import { defaultMtuBytes } from "../domain/mtu.ts";
import { parsePopName } from "../domain/pop-name.ts";
import { makeTunnelSecret } from "../domain/secrets.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import type { Switch, Tunnel, TunnelId } from "../domain/types.ts";
import type { Sealer } from "../ports/sealer.ts";
import type { Store } from "../ports/store.ts";
import { insertTunnel, refuseMtu } from "./new-tunnel.ts";
import { chooseReach } from "./reach.ts";
import { getTunnel, lockAccount, lockTunnel, tunnelNotFound } from "./refusals.ts";
import { changeReach, changeState, removeTunnel } from "./tunnel-changes.ts";

export interface TunnelsNeeds {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly random: Random;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

export function makeTunnels(needs: TunnelsNeeds): Tunnels {
  const { store, sealer, random, clock, settings } = needs;

  const setState = (id: TunnelId, side: "userState" | "adminState", state: Switch): Promise<Tunnel> =>
    store.write(async (repositories) => {
      const tunnel = await lockTunnel(repositories.tunnels, id);
      return changeState(repositories, tunnel, { side, state, why: "by the operator", at: clock.nowSec(), settings });
    });

  return {
    async add(wish) {
      const { mtuBytes = defaultMtuBytes } = wish;
      refuseMtu(mtuBytes);
      const reach = chooseReach(wish.encapsulation, wish.staticEndpoint);
      const sealedSecret = sealer.seal(makeTunnelSecret(random), "tunnel-secret");
      const createdAt = clock.nowSec();
      return store.write(async (repositories) => {
        const account = await lockAccount(repositories.accounts, wish.handle);
        return insertTunnel(repositories, { account, pop: wish.pop, reach, mtuBytes, sealedSecret, createdAt, settings });
      });
    },

    async list(filter = {}) {
      // What can't be a name names nothing.
      const handle = filter.handle === undefined ? undefined : parseHandle(filter.handle);
      if (handle?.ok === false || (filter.pop !== undefined && !parsePopName(filter.pop).ok)) return [];
      const wanted = handle === undefined ? filter : { ...filter, handle: handle.value };
      return store.read(({ tunnels }) => tunnels.list(wanted));
    },

    get: (id) => store.read(({ tunnels }) => getTunnel(tunnels, id)),

    remove: (id) =>
      store.write(async (repositories) => {
        const tunnel = await lockTunnel(repositories.tunnels, id);
        await removeTunnel(repositories, { tunnel, at: clock.nowSec(), settings });
      }),

    setUserState: (id, state) => setState(id, "userState", state),

    setAdminState: (id, state) => setState(id, "adminState", state),

    async setEncapsulation(id, encapsulation, staticEndpoint) {
      const reach = chooseReach(encapsulation, staticEndpoint);
      return store.write(async (repositories) => {
        const tunnel = await lockTunnel(repositories.tunnels, id);
        return changeReach(repositories, tunnel, { reach, at: clock.nowSec(), settings });
      });
    },

    async readSecret(id) {
      const sealed = parseTunnelId(id).ok ? await store.read(({ tunnels }) => tunnels.findSealedSecret(id)) : undefined;
      if (sealed === undefined) throw tunnelNotFound(id);
      return sealer.unseal(sealed, "tunnel-secret");
    },

    async listEndpoints(id) {
      return parseTunnelId(id).ok ? store.read(({ observations }) => observations.listEndpoints(id)) : [];
    },

    findHolder: (address, at) => store.read(({ prefixes }) => prefixes.findHolder(address, at)),
  };
}
