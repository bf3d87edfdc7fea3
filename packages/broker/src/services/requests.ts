import { formatPrefix, type Random, type WallClock } from "@tombolo/base";
import type { Requests } from "../broker.ts";
import { parseHandle } from "../domain/handle.ts";
import { parseRequestId } from "../domain/ids.ts";
import { approvesByItself, type Decision, type RequestId, type RequestWish, type UserRequest } from "../domain/requests.ts";
import { makeTunnelSecret } from "../domain/secrets.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import { isReason } from "../domain/text.ts";
import type { Account, Handle, Tunnel } from "../domain/types.ts";
import { BrokerError } from "../errors.ts";
import type { Repositories } from "../ports/repositories.ts";
import type { Sealer } from "../ports/sealer.ts";
import type { Store } from "../ports/store.ts";
import { noSuchLength } from "./allocation.ts";
import { charge, refusePoor } from "./charging.ts";
import { addDelegation, refuseFull } from "./delegations.ts";
import { insertTunnel, refuseDown, refuseMtu } from "./new-tunnel.ts";
import { chooseReach } from "./reach.ts";
import { getPop, getTunnel, lockAccount, lockTunnel, quote, refuseDisabled, tunnelNotFound } from "./refusals.ts";

export interface RequestsNeeds {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly random: Random;
  readonly clock: WallClock;
  readonly settings: BrokerSettings;
}

const longestList = 1_000;

export function makeRequests(needs: RequestsNeeds): Requests {
  const { store, clock, settings } = needs;
  return {
    async add({ handle: wanted, wish, reason }) {
      refuseReason(reason);
      if (wish.kind === "tunnel") refuseMtu(wish.mtuBytes);
      const asked = wish.kind === "tunnel" ? { ...wish, ...chooseReach(wish.encapsulation, wish.staticEndpoint) } : wish;
      const createdAt = clock.nowSec();
      return store.write(async (repositories) => {
        const { accounts, requests, tunnels } = repositories;
        const account = await lockAccount(accounts, wanted);
        refuseDisabled(account);
        const { handle } = account;
        await refuseMany(repositories, handle, settings.requestsWaiting);
        await refuseImpossible(repositories, { handle, wish: asked, settings });
        await refusePoor(repositories.credits, settings.credits, handle);
        const id = await requests.insert({ handle, wish: asked, reason, createdAt });
        const request: UserRequest = { id, handle, wish: asked, reason, state: "requested", createdAt, decision: undefined };
        await charge(repositories.credits, settings.credits, `request-${asked.kind}`, { at: createdAt, handle, request: id });
        await tell(repositories, request, { kind: "made", detail: reason });
        const held = (await tunnels.list({ handle })).length;
        if (!approvesByItself(settings.approval, asked.kind, held)) return request;
        return approve(repositories, request, { needs, account, by: "rule" });
      });
    },

    async list(filter = {}) {
      // What can't be a name names nothing.
      const handle = filter.handle === undefined ? undefined : parseHandle(filter.handle);
      if (handle?.ok === false) return [];
      const wanted = handle === undefined ? filter : { ...filter, handle: handle.value };
      return store.read(({ requests }) => requests.list({ ...wanted, limit: longestList }));
    },

    get: (id) => store.read(({ requests }) => getRequest(requests, id)),

    approve: (id) =>
      store.write(async (repositories) => {
        const { account, request } = await lockWaiting(repositories, id);
        return approve(repositories, request, { needs, account, by: "staff" });
      }),

    async reject(id, reason) {
      refuseReason(reason);
      return store.write(async (repositories) => {
        const { request } = await lockWaiting(repositories, id);
        const at = clock.nowSec();
        return decide(repositories, request, { state: "rejected", at, by: "staff", reason, tunnel: undefined, delegation: undefined });
      });
    },
  };
}

interface Approval {
  readonly needs: RequestsNeeds;
  /** Locked before. */
  readonly account: Account;
  readonly by: Decision["by"];
}

/** Gives what was asked for. */
async function approve(repositories: Repositories, request: UserRequest, { needs, account, by }: Approval): Promise<UserRequest> {
  const { sealer, random, clock, settings } = needs;
  const { wish } = request;
  const at = clock.nowSec();
  refuseDisabled(account);
  if (wish.kind === "tunnel") {
    const { pop, mtuBytes, encapsulation, staticEndpoint } = wish;
    const sealedSecret = sealer.seal(makeTunnelSecret(random), "tunnel-secret");
    const reach = { encapsulation, staticEndpoint };
    const { id } = await insertTunnel(repositories, { account, pop, reach, mtuBytes, sealedSecret, createdAt: at, settings });
    await charge(repositories.credits, settings.credits, "approve-tunnel", { at, handle: account.handle, request: request.id, tunnel: id });
    return decide(repositories, request, { state: "approved", at, by, reason: "", tunnel: id, delegation: undefined });
  }
  const tunnel = await lockTunnel(repositories.tunnels, wish.tunnel);
  const { id, prefix } = await addDelegation(repositories, { tunnel, lengthBits: wish.lengthBits, at, settings });
  const about = { at, handle: account.handle, request: request.id, tunnel: tunnel.id, note: id };
  await charge(repositories.credits, settings.credits, "approve-delegation", about);
  const decision: Decision = { state: "approved", at, by, reason: "", tunnel: tunnel.id, delegation: id };
  return decide(repositories, request, decision, formatPrefix(prefix));
}

async function decide(repositories: Repositories, request: UserRequest, decision: Decision, given = ""): Promise<UserRequest> {
  await repositories.requests.decide(request.id, decision);
  const decided = { ...request, state: decision.state, decision };
  await tell(repositories, decided, { kind: decision.state, detail: decision.state === "rejected" ? decision.reason : given });
  return decided;
}

/** One line for the audit and one event for the owner. */
async function tell(
  { audit, events, tunnels }: Repositories,
  { id, handle, wish, createdAt, decision }: UserRequest,
  { kind, detail }: { readonly kind: "made" | "approved" | "rejected"; readonly detail: string },
): Promise<void> {
  const tunnel = decision?.tunnel ?? (wish.kind === "delegation" ? wish.tunnel : undefined);
  const pop = wish.kind === "tunnel" ? wish.pop : (await tunnels.find(wish.tunnel))?.pop;
  const at = decision?.at ?? createdAt;
  const what = wish.kind === "tunnel" ? `${id} ${wish.encapsulation}` : `${id} /${wish.lengthBits}`;
  const who = { handle, ...(pop !== undefined && { pop }), ...(tunnel !== undefined && { tunnel }) };
  await audit.add({ at, event: kind === "made" ? "request.added" : `request.${kind}`, ...who, detail: what });
  await events.add({ at, kind: `request.${kind}`, handle, pop, tunnel, request: id, detail });
}

/** The request and its account, which is locked: nobody else decides meanwhile. */
async function lockWaiting(
  { accounts, requests }: Repositories,
  id: RequestId,
): Promise<{ readonly account: Account; readonly request: UserRequest }> {
  const { handle } = await getRequest(requests, id);
  const account = await lockAccount(accounts, handle);
  const request = await getRequest(requests, id);
  if (request.state !== "requested") throw new BrokerError("request-decided", `request ${id} was ${request.state} already`);
  return { account, request };
}

async function getRequest(requests: Repositories["requests"], id: RequestId): Promise<UserRequest> {
  const request = parseRequestId(id).ok ? await requests.find(id) : undefined;
  if (request === undefined) throw new BrokerError("request-not-found", `there is no request ${quote(id)}`);
  return request;
}

function refuseReason(reason: string): void {
  if (!isReason(reason)) throw new BrokerError("reason-malformed", "a reason has 1 to 1,000 printable characters");
}

async function refuseMany({ requests }: Repositories, handle: Handle, most: number): Promise<void> {
  const waiting = await requests.countWaiting(handle);
  if (waiting >= most) throw new BrokerError("requests-full", `${waiting} requests of ${handle} wait already; wait for an answer first`);
}

/** What can't be given today is not worth anybody's reading. */
async function refuseImpossible(
  { pops, pools, tunnels }: Repositories,
  { handle, wish, settings }: { readonly handle: Handle; readonly wish: RequestWish; readonly settings: BrokerSettings },
): Promise<void> {
  if (wish.kind === "tunnel") {
    refuseDown(await getPop(pops, wish.pop));
    return;
  }
  const tunnel: Tunnel = await getTunnel(tunnels, wish.tunnel);
  if (tunnel.handle !== handle) throw tunnelNotFound(wish.tunnel);
  refuseFull(tunnel, settings.delegationsPerTunnel);
  const fitting = (await pools.list(tunnel.pop)).some((pool) => pool.purpose === "delegation" && pool.lengthBits === wish.lengthBits);
  if (!fitting) throw noSuchLength(tunnel.pop, wish.lengthBits);
}
