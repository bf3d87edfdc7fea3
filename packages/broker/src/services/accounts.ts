import type { Random, WallClock } from "@tombolo/base";
import type { Accounts } from "../broker.ts";
import { initialsOf, nextHandle, parseHandle } from "../domain/handle.ts";
import { parseTunnelId } from "../domain/ids.ts";
import { makeAccessKey } from "../domain/secrets.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import { isEmail, isPlainName } from "../domain/text.ts";
import type { Account, Handle } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";
import type { Sealer } from "../ports/sealer.ts";
import type { Store } from "../ports/store.ts";
import { charge } from "./charging.ts";
import { getAccount, lockAccount, quote, raiseRevision, refuseDisabled, tunnelNotFound } from "./refusals.ts";

export interface AccountsNeeds {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly random: Random;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

/** A challenge is tried against each of an account's newest keys; more would let one login cost without bound. */
const keysTried = 32;

/** How often a handle may be taken by somebody else between our look and our insert. */
const handleAttempts = 20;

export function makeAccounts(needs: AccountsNeeds): Accounts {
  const { store, sealer, random, clock, settings } = needs;
  return {
    async add(wish) {
      const given = readNewAccount(wish);
      const accessKey = makeAccessKey(random);
      const sealed = sealer.seal(accessKey, "access-key");
      const at = clock.nowSec();
      const account = await store.write(async (repositories) => {
        const { accessKeys, audit } = repositories;
        const added = await insertAccount(repositories, settings.handleSuffix, {
          handle: given,
          fullName: wish.fullName,
          email: wish.email,
          state: "enabled",
          createdAt: at,
        });
        await accessKeys.insert({ handle: added.handle, tunnel: undefined, label: "first key", sealed, createdAt: at });
        await charge(repositories.credits, settings.credits, "signup", { at, handle: added.handle });
        await audit.add(
          { at, event: "account.added", handle: added.handle, detail: added.fullName },
          { at, event: "key.added", handle: added.handle, detail: "first key" },
        );
        return added;
      });
      return { account, accessKey };
    },

    list: () => store.read(({ accounts }) => accounts.list()),

    get: (handle) => store.read(({ accounts }) => getAccount(accounts, handle)),

    setState: (wanted, state) =>
      store.write(async ({ accounts, tunnels, revisions, audit, events }) => {
        const account = await lockAccount(accounts, wanted);
        if (account.state === state) return account;
        const { handle } = account;
        await accounts.setState(handle, state);
        const held = Map.groupBy(await tunnels.list({ handle }), (tunnel) => tunnel.pop);
        for (const pop of [...held.keys()].toSorted()) {
          const revision = await raiseRevision(revisions, pop, settings.changesKept);
          await revisions.note(
            pop,
            revision,
            (held.get(pop) ?? []).map((tunnel) => tunnel.id),
          );
        }
        const at = clock.nowSec();
        await audit.add({ at, event: "account.state", handle, detail: state });
        const about = { pop: undefined, tunnel: undefined, request: undefined };
        await events.add({ at, kind: `account.${state}`, handle, ...about, detail: "by the operator" });
        return { ...account, state };
      }),

    async addKey(wish) {
      if (!isPlainName(wish.label)) throw new BrokerError("name-malformed", "a key's label has 1 to 100 printable characters");
      const accessKey = makeAccessKey(random);
      const sealed = sealer.seal(accessKey, "access-key");
      const createdAt = clock.nowSec();
      const key = await store.write(async ({ accounts, accessKeys, tunnels, audit }) => {
        const account = await lockAccount(accounts, wish.handle);
        refuseDisabled(account);
        const { handle } = account;
        const { tunnel, label } = wish;
        if (tunnel !== undefined) await refuseForeign(tunnels, handle, tunnel);
        await audit.add({ at: createdAt, event: "key.added", handle, detail: label, ...(tunnel === undefined ? {} : { tunnel }) });
        return accessKeys.insert({ handle, tunnel, label, sealed, createdAt });
      });
      return { key, accessKey };
    },

    listKeys: (wanted) => store.read(async ({ accounts, accessKeys }) => accessKeys.list((await getAccount(accounts, wanted)).handle)),

    removeKey: (wanted, id) =>
      store.write(async ({ accounts, accessKeys, audit }) => {
        const { handle } = await lockAccount(accounts, wanted);
        const removed = Number.isSafeInteger(id) && (await accessKeys.remove(handle, id));
        if (removed) await audit.add({ at: clock.nowSec(), event: "key.removed", handle, detail: `key ${id}` });
        return removed;
      }),

    async readKeysForChallenge(wanted, tunnel) {
      const sealed = await store.read(async ({ accounts, accessKeys, tunnels }) => {
        const parsed = parseHandle(wanted);
        const account = parsed.ok ? await accounts.find(parsed.value) : undefined;
        if (account === undefined || account.state === "disabled") return [];
        const { handle } = account;
        if (tunnel !== undefined && !(await isHeldBy(tunnels, handle, tunnel))) return [];
        return accessKeys.listSealed({ handle, tunnel, limit: keysTried });
      });
      return sealed.map((text) => sealer.unseal(text, "access-key"));
    },
  };
}

/** The handle that was asked for, if any. */
function readNewAccount(wish: { fullName: string; email: string; handle?: Handle }): Handle | undefined {
  if (!isPlainName(wish.fullName)) throw new BrokerError("name-malformed", "a full name has 1 to 100 printable characters");
  if (!isEmail(wish.email)) throw new BrokerError("email-malformed", `${quote(wish.email)} is not a mail address`);
  if (wish.handle === undefined) return undefined;
  const handle = parseHandle(wish.handle);
  if (!handle.ok) throw new BrokerError("handle-malformed", `${quote(wish.handle)} is not a handle; one looks like ABC1-TMB`);
  return handle.value;
}

async function insertAccount(
  { accounts }: Repositories,
  suffix: string,
  draft: Omit<Account, "handle"> & { readonly handle: Handle | undefined },
): Promise<Account> {
  if (draft.handle !== undefined) {
    const account = { ...draft, handle: draft.handle };
    if (!(await accounts.insert(account))) throw new BrokerError("handle-taken", `the handle ${draft.handle} is taken`);
    return account;
  }
  const initials = initialsOf(draft.fullName);
  for (let attempt = 0; attempt < handleAttempts; attempt += 1) {
    const handle = nextHandle(initials, suffix, await accounts.listHandles(initials, `-${suffix}`));
    const account = { ...draft, handle };
    if (await accounts.insert(account)) return account;
  }
  throw new BrokerError("store-busy", "too many accounts are being added at once; try again");
}

async function refuseForeign(tunnels: Repositories["tunnels"], handle: Handle, id: `T${number}`): Promise<void> {
  if (!(await isHeldBy(tunnels, handle, id))) throw tunnelNotFound(id);
}

async function isHeldBy(tunnels: Repositories["tunnels"], handle: Handle, id: `T${number}`): Promise<boolean> {
  return parseTunnelId(id).ok && (await tunnels.find(id))?.handle === handle;
}
