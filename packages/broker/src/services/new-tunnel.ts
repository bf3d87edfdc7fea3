import type { WallSec } from "@tombolo/base";
import { isMtu, maxMtuBytes, minMtuBytes } from "../domain/mtu.ts";
import { describePop } from "../domain/since.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import type { Account, Pop, PopName, Tunnel } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";
import { givePrefixes } from "./allocation.ts";
import type { Reach } from "./reach.ts";
import { getPop, raiseRevision, refuseDisabled } from "./refusals.ts";

export interface NewTunnel {
  /** Locked before. */
  readonly account: Account;
  readonly pop: PopName;
  readonly reach: Reach;
  readonly mtuBytes: number;
  readonly sealedSecret: string;
  readonly createdAt: WallSec;
  readonly settings: BrokerSettings;
}

export function refuseMtu(mtuBytes: number): void {
  if (!isMtu(mtuBytes)) throw new BrokerError("mtu-out-of-range", `the MTU is ${minMtuBytes} to ${maxMtuBytes} bytes`);
}

/** New tunnels are not made at a PoP that is down: nobody could try them. */
export function refuseDown(pop: Pop): void {
  if (pop.state === "up") return;
  throw new BrokerError("pop-down", pop.stateMessage === "" ? `${describePop(pop)}; choose another or try later` : describePop(pop));
}

/** A tunnel with its prefixes; its PoP learns of it. */
export async function insertTunnel(repositories: Repositories, wish: NewTunnel): Promise<Tunnel> {
  const { pops, tunnels, revisions, audit } = repositories;
  const { account, reach, mtuBytes, sealedSecret, createdAt, settings } = wish;
  refuseDisabled(account);
  const revision = await raiseRevision(revisions, wish.pop, settings.changesKept);
  const pop = await getPop(pops, wish.pop);
  refuseDown(pop);
  const { handle } = account;
  const { heartbeatSec } = settings;
  const told = { handle, pop: pop.name, ...reach, mtuBytes, heartbeatSec, createdAt };
  const id = await tunnels.insert({ ...told, sealedSecret });
  await audit.add({ at: createdAt, event: "tunnel.added", handle, pop: pop.name, tunnel: id, detail: reach.encapsulation });
  const given = await givePrefixes(repositories, { pop: pop.name, tunnel: id, handle, at: createdAt });
  await revisions.note(pop.name, revision, [id]);
  return { id, ...told, ...given, userState: "enabled", adminState: "enabled", endpoint: undefined, lastSeenAt: undefined };
}
