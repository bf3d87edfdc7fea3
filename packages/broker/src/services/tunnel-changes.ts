import { formatPrefix, type WallSec } from "@tombolo/base";
import type { BrokerSettings } from "../domain/settings.ts";
import type { Switch, Tunnel, TunnelId } from "../domain/types.ts";
import type { Repositories, TunnelPatch } from "../ports/repositories.ts";
import type { Reach } from "./reach.ts";
import { raiseRevision } from "./refusals.ts";

/* What may happen to a tunnel that is locked; its PoP learns of each. */

interface ChangeContext {
  readonly at: WallSec;
  readonly settings: BrokerSettings;
}

/** The tunnel itself when it is reached so already. */
export async function changeReach(
  repositories: Repositories,
  tunnel: Tunnel,
  { reach, at, settings }: ChangeContext & { readonly reach: Reach },
): Promise<Tunnel> {
  const same = tunnel.encapsulation === reach.encapsulation && tunnel.staticEndpoint?.value === reach.staticEndpoint?.value;
  if (same) return tunnel;
  await changeTunnel(repositories, tunnel, { reach }, settings);
  const detail = `${tunnel.encapsulation} to ${reach.encapsulation}`;
  await repositories.audit.add({ at, event: "tunnel.encapsulation", ...whose(tunnel), detail });
  return { ...tunnel, ...reach };
}

/** The owner's switch is not news to the owner; the operator's is, with `why`. */
export async function changeState(
  repositories: Repositories,
  tunnel: Tunnel,
  change: ChangeContext & { readonly side: "userState" | "adminState"; readonly state: Switch; readonly why: string },
): Promise<Tunnel> {
  const { side, state, why, at, settings } = change;
  if (tunnel[side] === state) return tunnel;
  await changeTunnel(repositories, tunnel, { [side]: state }, settings);
  const detail = `${side === "userState" ? "user" : "admin"} ${state}`;
  await repositories.audit.add({ at, event: "tunnel.state", ...whose(tunnel), detail });
  if (side === "adminState") {
    await repositories.events.add({ at, kind: `tunnel.${state}`, ...whose(tunnel), request: undefined, detail: why });
  }
  return { ...tunnel, [side]: state };
}

export async function removeTunnel(
  { tunnels, prefixes, revisions, audit }: Repositories,
  { tunnel, at, settings }: ChangeContext & { readonly tunnel: Tunnel },
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

function whose(tunnel: Tunnel): { readonly handle: string; readonly pop: string; readonly tunnel: TunnelId } {
  return { handle: tunnel.handle, pop: tunnel.pop, tunnel: tunnel.id };
}
