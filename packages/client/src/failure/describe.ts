import { formatIpv4 } from "@tombolo/base";
import { formatDuration } from "../report/units.ts";
import { ayiyaPort, formatWay } from "../tic/grant.ts";
import type { Failure, TunnelLine } from "./failure.ts";

/** One sentence that says why and what to do; several tunnels add their list on lines of their own. Holds no secret. */
export function describeFailure(failure: Failure): string {
  switch (failure.code) {
    case "internal":
      return `This is a bug of tombolo: ${failure.message}.`;
    case "bad-usage":
      return `${failure.message}; see "tombolo ${failure.command === undefined ? "" : `${failure.command} `}--help".`;
    case "bad-configuration":
      return describeConfiguration(failure);
    case "not-running":
      return `No tombolo runs on device ${failure.device}; start it with "tombolo up".`;
    case "no-permission":
      return `${failure.what} needs root (or the capability CAP_NET_ADMIN): run it with sudo, or as the service tombolo-client.`;
    case "no-tun":
      return `${failure.message}: load it with "modprobe tun", or start the container with --device /dev/net/tun --cap-add NET_ADMIN.`;
    case "already-running":
      return `Another tombolo${failure.pid === undefined ? "" : ` (process ${failure.pid})`} already runs device ${failure.device}: end it with "tombolo down", or choose another name with --device.`;
    case "device-busy":
      return `The interface ${failure.device} exists already and belongs to another program: choose another name with --device.`;
    case "system-refused":
      return `This host refused ${failure.what}: ${failure.message}.`;
    case "not-stopped":
      return `Process ${failure.pid} on device ${failure.device} did not end in time: look at it with "ps -p ${failure.pid}".`;
    default:
      return describeRemote(failure);
  }
}

type LocalCode =
  | "internal"
  | "bad-usage"
  | "bad-configuration"
  | "not-running"
  | "no-permission"
  | "no-tun"
  | "already-running"
  | "device-busy"
  | "system-refused"
  | "not-stopped";

function describeRemote(failure: Exclude<Failure, { code: LocalCode }>): string {
  switch (failure.code) {
    case "server-unreachable":
      return `The TIC server ${failure.server} cannot be reached (${failure.message}): check this host's network, and the server's name and port.`;
    case "server-refused":
      return `The TIC server ${failure.server} refused: ${failure.message}; try again later, or ask its operator.`;
    case "wrong-key":
      return `The TIC server ${failure.server} did not accept the access key of ${failure.user}: check the user name, or have a new key made and put it where "tombolo config" says.`;
    case "clock-off":
      return describeClock(failure.skewSec, failure.said);
    case "no-tunnel":
      return `${failure.user} has no tunnel yet: ask the operator for one.`;
    case "several-tunnels":
      return `There are ${failure.tunnels.length} tunnels: pick one with --tunnel, or write it into the configuration as "tunnel = ${failure.tunnels[0]?.tunnel ?? "T1"}".\n${formatTunnelLines(failure.tunnels)}`;
    case "tunnel-not-found":
      return `There is no tunnel ${failure.tunnel} for this account: correct --tunnel; "tunnels" lists those there are.`;
    case "tunnel-disabled":
      return failure.by === "user"
        ? `Tunnel ${failure.tunnel} is switched off by its owner: enable it at the broker.`
        : `Tunnel ${failure.tunnel} is switched off by the operator: ask why.`;
    case "tunnel-unsupported":
      return `Tunnel ${failure.tunnel} is of a type that this client does not carry (${failure.message}): change its type to ayiya at the broker (its addresses stay).`;
    case "tunnel-malformed":
      return `The server's description of ${nameTunnel(failure.tunnel)} cannot be used (${failure.message}): report it to the operator.`;
    case "pop-down":
      return describeDown(failure);
    case "unanswered":
      return describeSilence(failure);
    case "plane-failed":
      return `The data plane stopped: ${failure.message}; start tombolo again, and report it if it comes back.`;
  }
}

function nameTunnel(tunnel: string | undefined): string {
  return tunnel === undefined ? "your tunnel" : `tunnel ${tunnel}`;
}

function describeConfiguration(failure: Extract<Failure, { code: "bad-configuration" }>): string {
  const found = failure.value === undefined ? failure.field : `${failure.field} = ${JSON.stringify(failure.value)}`;
  return `${failure.where}: ${found}: ${failure.fix}.`;
}

function describeClock(skewSec: number, said: string): string {
  const direction = skewSec > 0 ? "behind" : "ahead of";
  return `This host's clock is ${Math.abs(skewSec)} seconds ${direction} ${said}, and more than 120 is too much: set it, for example with "chronyc makestep" or "systemctl restart systemd-timesyncd".`;
}

function describeSilence(failure: Extract<Failure, { code: "unanswered" }>): string {
  const { pop, seconds } = failure;
  const where = formatWay({ type: failure.type, popIpv4: failure.ipv4 });
  if (!failure.routed) return `This host has no IPv4 route to PoP ${pop} (${where}): check its network connection.`;
  if (failure.type === "ayiya") {
    return `PoP ${pop} did not answer at ${where} for ${seconds} seconds: let UDP port ${ayiyaPort} out through the firewall or NAT of this network, or ask the operator whether the PoP works.`;
  }
  const silence = `PoP ${pop} did not answer by ${where} for ${seconds} seconds`;
  const remedy = "change the tunnel's type to ayiya at the broker (its addresses stay)";
  if (failure.privateSource !== undefined) {
    return `${silence}: this host's address ${formatIpv4(failure.privateSource)} is private, and the NAT in between mostly stops protocol 41; ${remedy}.`;
  }
  if (failure.expectedSource !== undefined) {
    return `${silence}: the broker expects this tunnel's packets from ${formatIpv4(failure.expectedSource)}, and they leave this host with another address; correct it at the broker, or ${remedy}.`;
  }
  return `${silence}: let IP protocol 41 pass the firewall both ways, or, if this network or its provider stops it, ${remedy}.`;
}

/** Which PoP, since when as far as anybody knows, and what helps; what the client itself will do is in the note around it. */
function describeDown(failure: Extract<Failure, { code: "pop-down" }>): string {
  const which = failure.pop === undefined ? "The PoP" : `PoP ${failure.pop}`;
  const since = failure.silentSec === undefined ? "" : `, silent for ${formatDuration(failure.silentSec)}`;
  return `${which} of ${nameTunnel(failure.tunnel)} is down${since} (the broker says "${failure.message}"): wait for its operator, or ask for a tunnel at another PoP.`;
}

/** One line a tunnel, in columns. */
export function formatTunnelLines(lines: readonly TunnelLine[]): string {
  const widths = (["tunnel", "address", "endpoint"] as const).map((field) => Math.max(...lines.map((line) => line[field].length)));
  return lines
    .map((line) =>
      [line.tunnel.padEnd(widths[0] ?? 0), line.address.padEnd(widths[1] ?? 0), line.endpoint.padEnd(widths[2] ?? 0), line.pop].join("  "),
    )
    .join("\n");
}
