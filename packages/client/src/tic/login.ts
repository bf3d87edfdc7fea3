import { createHash } from "node:crypto";
import { release, type } from "node:os";
import {
  encodeLatin1,
  failure,
  formatIpv4,
  formatIpv6,
  isIpv4Endpoint,
  success,
  type MonotonicClock,
  type Result,
  type WallClock,
} from "@tombolo/base";
import {
  formatTicUsername,
  type TicClientOptions,
  type TicOutcome,
  type TicTunnel,
  type TicTunnelLine,
  type TicUsername,
} from "@tombolo/protocols";
import { formatServer, type ServerName } from "../config/fields.ts";
import type { Failure, TunnelLine } from "../failure/failure.ts";
import { programName } from "../version.ts";
import { converse } from "./converse.ts";
import { dial } from "./dial.ts";
import type { TunnelGrant } from "./grant.ts";

export interface TicLogin {
  readonly server: ServerName;
  readonly user: TicUsername;
  readonly key: string;
  readonly monotonic: MonotonicClock;
  readonly wall: WallClock;
}

/** Logs in and fetches one tunnel: number `wanted`, or the only one there is. */
export async function fetchGrant(login: TicLogin, wanted: number | undefined, signal: AbortSignal): Promise<Result<TunnelGrant, Failure>> {
  const outcome = await talk(login, { kind: "show", id: wanted === undefined ? undefined : `T${wanted}` }, signal);
  if (!outcome.ok) return outcome;
  if (outcome.value.kind !== "tunnel") return failure(explain(outcome.value, login, wanted));
  return makeGrant(outcome.value.tunnel);
}

/** Logs in and lists the user's tunnels. */
export async function fetchTunnels(login: TicLogin, signal: AbortSignal): Promise<Result<readonly TunnelLine[], Failure>> {
  const outcome = await talk(login, { kind: "list" }, signal);
  if (!outcome.ok) return outcome;
  if (outcome.value.kind !== "tunnels") return failure(explain(outcome.value, login, undefined));
  return success(outcome.value.tunnels.map(describeLine));
}

async function talk(login: TicLogin, wish: TicClientOptions["wish"], signal: AbortSignal): Promise<Result<TicOutcome, Failure>> {
  const socket = await dial(login.server, signal);
  if (!socket.ok) return failure({ code: "server-unreachable", server: formatServer(login.server), message: socket.reason });
  const options: TicClientOptions = {
    username: login.user,
    password: login.key,
    identification: `TIC/draft-00 ${programName} ${type()}/${release()}`,
    wish,
    md5: (bytes) => createHash("md5").update(bytes).digest(),
    wallClock: login.wall,
  };
  return success(await converse(socket.value, options, login.monotonic));
}

/** AYIYA's 72 bytes around an inner packet must fit 1500. */
const largestMtuBytes = 1428;

/** Takes only what this client can carry: type, PoP and inner addresses must make sense together. */
export function makeGrant(tunnel: TicTunnel): Result<TunnelGrant, Failure> {
  if (tunnel.type !== "ayiya") return failure({ code: "tunnel-unsupported", tunnel: tunnel.id, encapsulation: tunnel.type });
  const malformed = (message: string): Result<never, Failure> => failure({ code: "tunnel-malformed", tunnel: tunnel.id, message });
  if (!isIpv4Endpoint(tunnel.popIpv4)) return malformed(`${formatIpv4(tunnel.popIpv4)} cannot be a PoP's address`);
  if (tunnel.clientAddress.value === tunnel.popAddress.value) return malformed(`both ends are ${formatIpv6(tunnel.clientAddress)}`);
  if (tunnel.prefixLengthBits < 1) return malformed("its prefix length is 0");
  return success({
    id: Number(tunnel.id.slice(1)),
    pop: tunnel.popName,
    popIpv4: tunnel.popIpv4,
    popAddress: tunnel.popAddress,
    clientAddress: tunnel.clientAddress,
    prefixLengthBits: tunnel.prefixLengthBits,
    mtuBytes: Math.min(tunnel.mtuBytes, largestMtuBytes),
    beatSec: tunnel.heartbeatSec,
    secret: encodeLatin1(tunnel.password),
    // TIC tells of no delegations.
    delegations: [],
  });
}

function explain(outcome: TicOutcome, login: TicLogin, wanted: number | undefined): Failure {
  const server = formatServer(login.server);
  const user = formatTicUsername(login.user);
  const tunnel = wanted === undefined ? login.user.tunnel : `T${wanted}`;
  switch (outcome.kind) {
    case "no-tunnel":
      return { code: "no-tunnel", user };
    case "several-tunnels":
      return { code: "several-tunnels", tunnels: outcome.tunnels.map(describeLine) };
    case "tunnel-disabled":
      return { code: "tunnel-disabled", tunnel: outcome.tunnel.id, by: outcome.tunnel.adminState === "enabled" ? "user" : "operator" };
    case "pop-down":
      return { code: "pop-down", tunnel, message: outcome.text };
    case "wrong-credentials":
      return { code: "wrong-key", server, user };
    case "clock-off":
      return { code: "clock-off", skewSec: -outcome.skewSec, said: "the broker's" };
    case "refused":
      // The server has one text for "unknown" and "not yours" (sheet, section 8).
      if (outcome.stage === "show" && tunnel !== undefined && /no such tunnel/i.test(outcome.text))
        return { code: "tunnel-not-found", tunnel };
      return { code: "server-refused", server, message: outcome.text === "" ? "it gave no reason" : outcome.text };
    case "malformed":
      if (outcome.stage === "show") return { code: "tunnel-malformed", tunnel, message: outcome.what };
      if (outcome.stage === "greeting") return { code: "server-refused", server, message: "what answers there is no TIC server" };
      return { code: "server-refused", server, message: `its answer at "${outcome.stage}" is not TIC (${outcome.what})` };
    case "timed-out":
      return { code: "server-unreachable", server, message: `connected, but no answer at "${outcome.stage}" in time` };
    case "closed-early":
      return { code: "server-refused", server, message: `it closed the connection at "${outcome.stage}"` };
    case "tunnels":
    case "tunnel":
      return { code: "internal", message: `an outcome "${outcome.kind}" that was not asked for` };
  }
}

function describeLine(line: TicTunnelLine): TunnelLine {
  const endpoint = typeof line.ipv4Endpoint === "string" ? line.ipv4Endpoint : formatIpv4(line.ipv4Endpoint);
  return { tunnel: line.id, address: formatIpv6(line.clientAddress), endpoint, pop: line.popName };
}
