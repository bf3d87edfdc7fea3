import { formatPrefix, type Random, type WallClock, type WallSec } from "@tombolo/base";
import type { Tunnels } from "../broker.ts";
import { parseHandle } from "../domain/handle.ts";
import { parseTunnelId } from "../domain/ids.ts";
import { defaultMtuBytes } from "../domain/mtu.ts";
import { parsePopName } from "../domain/pop-name.ts";
import { makeTunnelSecret } from "../domain/secrets.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import type { Switch, Tunnel, TunnelId } from "../domain/types.ts";
import type { Repositories, TunnelPatch } from "../ports/repositories.ts";
import type { Sealer } from "../ports/sealer.ts";
import type { Store } from "../ports/store.ts";
import { insertTunnel, refuseMtu } from "./new-tunnel.ts";
import { chooseReach } from "./reach.ts";
import { getTunnel, lockAccount, lockTunnel, raiseRevision, tunnelNotFound } from "./refusals.ts";

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
      if (tunnel[side] === state) return tunnel;
      const detail = `${side === "userState" ? "user" : "admin"} ${state}`;
      await changeTunnel(repositories, tunnel, { [side]: state }, settings);
      const at = clock.nowSec();
      await repositories.audit.add({ at, event: "tunnel.state", ...whose(tunnel), detail });
      if (side === "adminState") {
        await repositories.events.add({ at, kind: `tunnel.${state}`, ...whose(tunnel), request: undefined, detail: "by the operator" });
      }
      return { ...tunnel, [side]: state };
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
        const same = tunnel.encapsulation === encapsulation && tunnel.staticEndpoint?.value === reach.staticEndpoint?.value;
        if (same) return tunnel;
        await changeTunnel(repositories, tunnel, { reach }, settings);
        const detail = `${tunnel.encapsulation} to ${encapsulation}`;
        await repositories.audit.add({ at: clock.nowSec(), event: "tunnel.encapsulation", ...whose(tunnel), detail });
        return { ...tunnel, ...reach };
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

async function changeTunnel(
  { tunnels, revisions }: Repositories,
  tunnel: Tunnel,
  patch: TunnelPatch,
  settings: BrokerSettings,
): Promise<void> {
  const revision = await raiseRevision(revisions, tunnel.pop, settings.changesKept);
  await tunnels.update(tunnel.id, patch);
  await revisions.note(tunnel.pop, revision, [tunnel.id]);
}

async function removeTunnel(
  { tunnels, prefixes, revisions, audit }: Repositories,
  { tunnel, at, settings }: { readonly tunnel: Tunnel; readonly at: WallSec; readonly settings: BrokerSettings },
): Promise<void> {
  const revision = await raiseRevision(revisions, tunnel.pop, settings.changesKept);
  const returned = await prefixes.giveBack({ tunnel: tunnel.id, at, restSec: settings.quarantineSec });
  await tunnels.remove(tunnel.id);
  await revisions.note(tunnel.pop, revision, [tunnel.id]);
  await audit.add(
    { at, event: "tunnel.removed", ...whose(tunnel), detail: tunnel.encapsulation },
    ...returned.map((prefix) => ({ at, event: "prefix.returned" as const, ...whose(tunnel), detail: formatPrefix(prefix) })),
  );
}

function whose(tunnel: Tunnel): { readonly handle: string; readonly pop: string; readonly tunnel: TunnelId } {
  return { handle: tunnel.handle, pop: tunnel.pop, tunnel: tunnel.id };
}
