import type { Account, Delegation, DelegationId, Handle, Pop, PopName, Tunnel, TunnelId } from "../domain/types.ts";
import { parseHandle } from "../domain/handle.ts";
import { parseDelegationId, parseTunnelId } from "../domain/ids.ts";
import { parsePopName } from "../domain/pop-name.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";

/* What must exist, or the call is refused. Text that cannot be a name is not looked up: it names nothing. */

function accountNotFound(handle: Handle): BrokerError {
  return new BrokerError("account-not-found", `there is no account ${quote(handle)}`);
}

export function popNotFound(name: PopName): BrokerError {
  return new BrokerError("pop-not-found", `there is no PoP ${quote(name)}`);
}

export function tunnelNotFound(id: TunnelId): BrokerError {
  return new BrokerError("tunnel-not-found", `there is no tunnel ${quote(id)}`);
}

export function delegationNotFound(id: DelegationId): BrokerError {
  return new BrokerError("delegation-not-found", `there is no delegation ${quote(id)}`);
}

export async function getAccount(accounts: Repositories["accounts"], wanted: Handle): Promise<Account> {
  const handle = parseHandle(wanted);
  const account = handle.ok ? await accounts.find(handle.value) : undefined;
  if (account === undefined) throw accountNotFound(wanted);
  return account;
}

/** The account, held until the transaction ends; its state can't change meanwhile. */
export async function lockAccount(accounts: Repositories["accounts"], wanted: Handle): Promise<Account> {
  const handle = parseHandle(wanted);
  const account = handle.ok ? await accounts.lock(handle.value) : undefined;
  if (account === undefined) throw accountNotFound(wanted);
  return account;
}

export function refuseDisabled(account: Account): void {
  if (account.state === "disabled") throw new BrokerError("account-disabled", `account ${account.handle} is disabled`);
}

export async function getPop(pops: Repositories["pops"], name: PopName): Promise<Pop> {
  const pop = parsePopName(name).ok ? await pops.find(name) : undefined;
  if (pop === undefined) throw popNotFound(name);
  return pop;
}

export async function getTunnel(tunnels: Repositories["tunnels"], id: TunnelId): Promise<Tunnel> {
  const tunnel = parseTunnelId(id).ok ? await tunnels.find(id) : undefined;
  if (tunnel === undefined) throw tunnelNotFound(id);
  return tunnel;
}

export async function lockTunnel(tunnels: Repositories["tunnels"], id: TunnelId): Promise<Tunnel> {
  const tunnel = parseTunnelId(id).ok ? await tunnels.lock(id) : undefined;
  if (tunnel === undefined) throw tunnelNotFound(id);
  return tunnel;
}

export async function getDelegation(prefixes: Repositories["prefixes"], id: DelegationId): Promise<Delegation> {
  const delegation = parseDelegationId(id).ok ? await prefixes.findDelegation(id) : undefined;
  if (delegation === undefined) throw delegationNotFound(id);
  return delegation;
}

/** The next revision of a PoP, which is locked from here on. */
export async function raiseRevision(revisions: Repositories["revisions"], pop: PopName, kept: number): Promise<number> {
  const revision = parsePopName(pop).ok ? await revisions.raise(pop, kept) : undefined;
  if (revision === undefined) throw popNotFound(pop);
  return revision;
}

/** What a caller wrote, short and on one line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
