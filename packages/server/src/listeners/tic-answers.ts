import { BrokerError, formatMinute, type Broker, type BrokerErrorCode, type Tunnel } from "@tombolo/broker";
import type { TicAnswer, TicIpv4Endpoint, TicQuestion, TicRefusal, TicRoute, TicTunnelType, TicUsername } from "@tombolo/protocols";

/** What TIC says to each refusal of the broker. Refusals that only an operator can cause are our own fault here. */
const refusals: Readonly<Record<BrokerErrorCode, TicRefusal>> = {
  "account-not-found": "tunnel-not-found",
  "account-disabled": "tunnel-not-found",
  "tunnel-not-found": "tunnel-not-found",
  "pop-not-found": "pop-not-found",
  "pop-name-malformed": "pop-not-found",
  "pop-down": "pop-down",
  "store-busy": "busy",
  "handle-taken": "internal",
  "handle-malformed": "internal",
  "email-malformed": "internal",
  "name-malformed": "internal",
  "pop-taken": "internal",
  "endpoint-malformed": "internal",
  "pool-not-found": "internal",
  "pool-overlaps": "internal",
  "pool-length": "internal",
  "pool-exhausted": "internal",
  "pool-in-use": "internal",
  "delegation-not-found": "internal",
  "delegation-length": "internal",
  "delegations-full": "internal",
  "request-not-found": "internal",
  "request-decided": "internal",
  "requests-full": "internal",
  "reason-malformed": "internal",
  "credits-too-low": "internal",
  "credits-off": "internal",
  "credits-malformed": "internal",
  "mtu-out-of-range": "internal",
  "encapsulation-needs-endpoint": "internal",
};

/** Answers a session's question from the broker. Failures are refusals too; `failed` hears of those that are ours. */
export async function answerTic(broker: Broker, question: TicQuestion, failed: (error: unknown) => void): Promise<TicAnswer> {
  try {
    return await ask(broker, question);
  } catch (error) {
    const refusal = error instanceof BrokerError ? refusals[error.code] : "internal";
    if (refusal === "internal") failed(error);
    return { kind: "refused", refusal };
  }
}

async function ask(broker: Broker, question: TicQuestion): Promise<TicAnswer> {
  switch (question.kind) {
    case "keys":
      return { kind: "keys", keys: await broker.accounts.readKeysForChallenge(handleOf(question.username), question.username.tunnel) };
    case "tunnels": {
      const tunnels = await broker.tunnels.list({ handle: handleOf(question.username) });
      return {
        kind: "tunnels",
        tunnels: tunnels.filter(isForTic).map((tunnel) => ({ ...namesOf(tunnel), ipv4Endpoint: endpointOf(tunnel) })),
      };
    }
    case "tunnel":
      return showTunnel(broker, question);
    case "pops":
      return { kind: "pops", names: (await broker.pops.list()).map((pop) => pop.name) };
    case "pop": {
      const { name, city, country, outerIpv4 } = await broker.pops.get(question.name);
      return { kind: "pop", pop: { name, city, country, ipv4: outerIpv4 } };
    }
    case "routes":
      return { kind: "routes", routes: await listRoutes(broker, question.username) };
    case "route": {
      const route = (await listRoutes(broker, question.username)).find(({ id }) => id === question.id);
      return route === undefined ? { kind: "refused", refusal: "route-not-found" } : { kind: "route", route };
    }
  }
}

async function listRoutes(broker: Broker, username: TicUsername): Promise<readonly TicRoute[]> {
  const tunnels = await broker.tunnels.list({ handle: handleOf(username) });
  return tunnels.filter(isForTic).flatMap((tunnel) => tunnel.delegations.map(({ id, prefix }) => ({ id, tunnel: tunnel.id, prefix })));
}

/** Handles are kept in capitals; people type them as they like. */
export function handleOf(username: TicUsername): string {
  return username.handle.toUpperCase();
}

async function showTunnel(broker: Broker, { username, id }: Extract<TicQuestion, { kind: "tunnel" }>): Promise<TicAnswer> {
  const tunnel = await broker.tunnels.get(id);
  if (tunnel.handle !== handleOf(username)) return { kind: "refused", refusal: "tunnel-not-found" };
  const type = typeOf(tunnel);
  if (type === undefined) return { kind: "refused", refusal: "tunnel-not-for-tic" };
  const pop = await broker.pops.get(tunnel.pop);
  if (pop.state === "down") {
    const about = `${pop.name} since ${formatMinute(pop.stateSince)}`;
    return { kind: "refused", refusal: "pop-down", detail: pop.stateMessage, about };
  }
  return {
    kind: "tunnel",
    tunnel: {
      ...namesOf(tunnel),
      type,
      popAddress: tunnel.popAddress,
      prefixLengthBits: tunnel.prefix.lengthBits,
      ipv4Endpoint: endpointOf(tunnel),
      popIpv4: pop.outerIpv4,
      userState: tunnel.userState,
      adminState: tunnel.adminState,
      password: await broker.tunnels.readSecret(id),
      heartbeatSec: tunnel.heartbeatSec,
      mtuBytes: tunnel.mtuBytes,
    },
  };
}

function namesOf(tunnel: Tunnel): Pick<Tunnel, "id" | "clientAddress"> & { readonly popName: string } {
  return { id: tunnel.id, clientAddress: tunnel.clientAddress, popName: tunnel.pop };
}

function isForTic(tunnel: Tunnel): boolean {
  return typeOf(tunnel) !== undefined;
}

/** TSP's bare IPv6-in-UDP has no name in TIC. */
function typeOf(tunnel: Tunnel): TicTunnelType | undefined {
  switch (tunnel.encapsulation) {
    case "6in4":
      return "6in4-static";
    case "heartbeat":
      return "6in4-heartbeat";
    case "ayiya":
      return "ayiya";
    case "udp":
      return undefined;
  }
}

function endpointOf(tunnel: Tunnel): TicIpv4Endpoint {
  if (tunnel.encapsulation === "6in4" && tunnel.staticEndpoint !== undefined) return tunnel.staticEndpoint;
  return tunnel.encapsulation === "ayiya" ? "ayiya" : "heartbeat";
}
