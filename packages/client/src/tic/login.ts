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
import { formatTicEndpoint, type TunnelGrant } from "./grant.ts";
import { startTls, type TlsPolicy } from "./start-tls.ts";
import type { LineTrace } from "./trace.ts";

export interface TicLogin {
  readonly server: ServerName;
  readonly user: TicUsername;
  readonly key: string;
  readonly monotonic: MonotonicClock;
  readonly wall: WallClock;
  readonly tls: TlsPolicy;
  /** Sees each line of the conversation, secrets masked. */
  readonly trace?: LineTrace;
}

/** Logs in and fetches one tunnel: number `wanted`, or the only one there is. */
export async function fetchGrant(login: TicLogin, wanted: number | undefined, signal: AbortSignal): Promise<Result<TunnelGrant, Failure>> {
  const outcome = await askTic(login, { kind: "show", id: wanted === undefined ? undefined : `T${wanted}` }, signal);
  if (!outcome.ok) return outcome;
  if (outcome.value.kind !== "tunnel") return failure(explainOutcome(outcome.value, login, wanted));
  return makeGrant(outcome.value.tunnel, outcome.value.delegations);
}

/** Logs in and lists the user's tunnels. */
export async function fetchTunnels(login: TicLogin, signal: AbortSignal): Promise<Result<readonly TunnelLine[], Failure>> {
  const outcome = await askTic(login, { kind: "list" }, signal);
  if (!outcome.ok) return outcome;
  if (outcome.value.kind !== "tunnels") return failure(explainOutcome(outcome.value, login, undefined));
  return success(outcome.value.tunnels.map(describeLine));
}

/** One conversation with a TIC server, to its outcome. The failure tells why there was none. */
export async function askTic(login: TicLogin, wish: TicClientOptions["wish"], signal: AbortSignal): Promise<Result<TicOutcome, Failure>> {
  const socket = await dial(login.server, signal);
  if (!socket.ok) return failure({ code: "server-unreachable", server: formatServer(login.server), message: socket.reason });
  const opened = await startTls(socket.value, { policy: login.tls, host: login.server.host, trace: login.trace });
  if (!opened.ok) return failure({ code: "server-refused", server: formatServer(login.server), message: opened.reason });
  const options: TicClientOptions = {
    username: login.user,
    password: login.key,
    identification: `TIC/draft-00 ${programName} ${type()}/${release()}`,
    wish,
    md5: (bytes) => createHash("md5").update(bytes).digest(),
    wallClock: login.wall,
  };
  return success(await converse(opened.value, options, { clock: login.monotonic, trace: login.trace }));
}

/** What fits through 1500 bytes: AYIYA puts 72 around an inner packet, protocol 41 puts 20. */
const largestMtuBytes: Readonly<Record<TicTunnel["type"], number>> = { ayiya: 1428, "6in4-heartbeat": 1480, "6in4-static": 1480 };

/** Takes only what this client can carry: PoP and inner addresses must make sense together. */
export function makeGrant(tunnel: TicTunnel, delegations: TunnelGrant["delegations"] = []): Result<TunnelGrant, Failure> {
  const malformed = (message: string): Result<never, Failure> => failure({ code: "tunnel-malformed", tunnel: tunnel.id, message });
  if (!isIpv4Endpoint(tunnel.popIpv4)) return malformed(`${formatIpv4(tunnel.popIpv4)} cannot be a PoP's address`);
  if (tunnel.clientAddress.value === tunnel.popAddress.value) return malformed(`both ends are ${formatIpv6(tunnel.clientAddress)}`);
  if (tunnel.prefixLengthBits < 1) return malformed("its prefix length is 0");
  return success({
    id: Number(tunnel.id.slice(1)),
    type: tunnel.type,
    pop: tunnel.popName,
    popIpv4: tunnel.popIpv4,
    popAddress: tunnel.popAddress,
    clientAddress: tunnel.clientAddress,
    prefixLengthBits: tunnel.prefixLengthBits,
    ipv4Endpoint: tunnel.ipv4Endpoint,
    mtuBytes: Math.min(tunnel.mtuBytes, largestMtuBytes[tunnel.type]),
    beatSec: tunnel.heartbeatSec,
    secret: encodeLatin1(tunnel.password),
    delegations,
  });
}

/** An outcome that is not what was asked for, as the client's failure. */
function explainOutcome(outcome: TicOutcome, login: Pick<TicLogin, "server" | "user">, wanted: number | undefined): Failure {
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
      if (outcome.stage === "show" && tunnel !== undefined && /cannot be set up by TIC/i.test(outcome.text))
        return { code: "tunnel-unsupported", tunnel, message: outcome.text };
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
  return { tunnel: line.id, address: formatIpv6(line.clientAddress), endpoint: formatTicEndpoint(line.ipv4Endpoint), pop: line.popName };
}
