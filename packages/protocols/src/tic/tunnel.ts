import {
  failure,
  formatIpv4,
  formatIpv6,
  parseIpv4,
  parseIpv6,
  success,
  type Ipv4Address,
  type Ipv6Address,
  type Result,
} from "@tombolo/base";
import { tunnelMtuIsValid } from "../sixinfour/mtu.ts";
import { findTicTunnelId, isPlainWord, type TicTunnelId } from "./values.ts";

export const ticTunnelTypes = ["6in4-static", "6in4-heartbeat", "ayiya"] as const;
export type TicTunnelType = (typeof ticTunnelTypes)[number];

/** Static tunnels have an address; the literals keep aiccu from binding its device to one. */
export type TicIpv4Endpoint = Ipv4Address | "ayiya" | "heartbeat";

/** What `tunnel show` tells: all that aiccu needs to build a tunnel. */
export interface TicTunnel {
  readonly id: TicTunnelId;
  readonly type: TicTunnelType;
  /** The client's inner end, without prefix length; the AYIYA identity. */
  readonly clientAddress: Ipv6Address;
  /** The PoP's inner end; the default gateway. */
  readonly popAddress: Ipv6Address;
  readonly prefixLengthBits: number;
  readonly popName: string;
  readonly ipv4Endpoint: TicIpv4Endpoint;
  readonly popIpv4: Ipv4Address;
  readonly userState: string;
  readonly adminState: string;
  /** The tunnel's shared secret for AYIYA and heartbeats; not a login. */
  readonly password: string;
  readonly heartbeatSec: number;
  /** 1280 to 1480. */
  readonly mtuBytes: number;
}

/** One line of `tunnel list`. */
export type TicTunnelLine = Pick<TicTunnel, "id" | "clientAddress" | "ipv4Endpoint" | "popName">;

export type TicTunnelField = keyof TicTunnel;

/** sixxsd's bound on a secret. */
const maxPasswordLength = 132;
const maxWordLength = 64;

/** The first value that must not reach a client; every line that is sent was checked by this. */
function findTicTunnelFault(tunnel: Partial<TicTunnel>): TicTunnelField | undefined {
  const checks: { readonly [F in TicTunnelField]: (value: TicTunnel[F]) => boolean } = {
    id: (id) => findTicTunnelId(id) === id,
    type: (type) => ticTunnelTypes.includes(type),
    clientAddress: () => true,
    popAddress: () => true,
    prefixLengthBits: (length) => Number.isInteger(length) && length >= 0 && length <= 128,
    popName: (name) => isPlainWord(name, maxWordLength),
    ipv4Endpoint: () => true,
    popIpv4: () => true,
    userState: (state) => isPlainWord(state, maxWordLength),
    adminState: (state) => isPlainWord(state, maxWordLength),
    password: (password) => isPlainWord(password, maxPasswordLength),
    // aiccu beats in a busy loop at zero, and counts in an int.
    heartbeatSec: (seconds) => Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400,
    mtuBytes: tunnelMtuIsValid,
  };
  const isWrong = <F extends TicTunnelField>(field: F): boolean => {
    const value = tunnel[field];
    return value !== undefined && !checks[field](value);
  };
  return (Object.keys(checks) as TicTunnelField[]).find(isWrong);
}

/** The titles, in the order in which they are sent; clients compare them by prefix and case. */
const titles: { readonly [F in TicTunnelField]: string } = {
  id: "TunnelId",
  type: "Type",
  clientAddress: "IPv6 Endpoint",
  popAddress: "IPv6 POP",
  prefixLengthBits: "IPv6 PrefixLength",
  popName: "POP Id",
  ipv4Endpoint: "IPv4 Endpoint",
  popIpv4: "IPv4 POP",
  userState: "UserState",
  adminState: "AdminState",
  password: "Password",
  heartbeatSec: "Heartbeat_Interval",
  mtuBytes: "Tunnel MTU",
};

/** The data lines of `tunnel show`: always all of them, because aiccu falls over most that are missing. */
export function formatTunnelShow(tunnel: TicTunnel): Result<readonly string[], TicTunnelField> {
  const fault = findTicTunnelFault(tunnel);
  if (fault !== undefined) return failure(fault);
  return success((Object.keys(titles) as TicTunnelField[]).map((field) => `${titles[field]}: ${formatValue(tunnel[field])}`));
}

/** `<id> <IPv6> <IPv4|ayiya|heartbeat> <pop>`: aiccu counts the blanks. */
export function formatTunnelLine(tunnel: TicTunnelLine): Result<string, TicTunnelField> {
  const fault = findTicTunnelFault(tunnel);
  if (fault !== undefined) return failure(fault);
  return success([tunnel.id, tunnel.clientAddress, tunnel.ipv4Endpoint, tunnel.popName].map(formatValue).join(" "));
}

function formatValue(value: string | number | Ipv4Address | Ipv6Address): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return value.toFixed(0);
  return value.family === 4 ? formatIpv4(value) : formatIpv6(value);
}

export function parseTunnelLine(line: string): Result<TicTunnelLine, "not-four-fields" | TicTunnelField> {
  const [idText = "", addressText = "", endpointText = "", popName = "", ...more] = line.split(" ");
  if (popName === "" || more.length > 0) return failure("not-four-fields");
  const id = findTicTunnelId(idText);
  if (id === undefined) return failure("id");
  const address = parseIpv6(addressText);
  if (!address.ok) return failure("clientAddress");
  const ipv4Endpoint = findIpv4Endpoint(endpointText);
  if (ipv4Endpoint === undefined) return failure("ipv4Endpoint");
  if (!isPlainWord(popName, maxWordLength)) return failure("popName");
  return success({ id, clientAddress: address.value, ipv4Endpoint, popName });
}

function findIpv4Endpoint(text: string): TicIpv4Endpoint | undefined {
  if (text === "ayiya" || text === "heartbeat") return text;
  const address = parseIpv4(text);
  return address.ok ? address.value : undefined;
}

/**
 * Reads the data lines of `tunnel show`: split at the first ": ", comment lines passed over, unknown keys ignored, the last of
 * equal keys counts. Every field must be there and right; the failure names the first that is not.
 */
export function parseTunnelShow(lines: readonly string[]): Result<TicTunnel, TicTunnelField> {
  const values = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(": ");
    if (colon < 0 || /^(#|;|\/\/)/.test(line)) continue;
    values.set(line.slice(0, colon), line.slice(colon + 2).replace(/[ \t\r]+$/, ""));
  }
  const text = (field: TicTunnelField): string => values.get(titles[field]) ?? "";
  const id = findTicTunnelId(text("id"));
  if (id === undefined) return failure("id");
  const type = ticTunnelTypes.find((known) => known === text("type"));
  if (type === undefined) return failure("type");
  const clientAddress = parseIpv6(text("clientAddress"));
  if (!clientAddress.ok) return failure("clientAddress");
  const popAddress = parseIpv6(text("popAddress"));
  if (!popAddress.ok) return failure("popAddress");
  const ipv4Endpoint = findIpv4Endpoint(text("ipv4Endpoint"));
  if (ipv4Endpoint === undefined) return failure("ipv4Endpoint");
  const popIpv4 = parseIpv4(text("popIpv4"));
  if (!popIpv4.ok) return failure("popIpv4");
  const tunnel: TicTunnel = {
    id,
    type,
    clientAddress: clientAddress.value,
    popAddress: popAddress.value,
    prefixLengthBits: parseCount(text("prefixLengthBits")),
    popName: text("popName"),
    ipv4Endpoint,
    popIpv4: popIpv4.value,
    userState: text("userState"),
    adminState: text("adminState"),
    password: text("password"),
    heartbeatSec: parseCount(text("heartbeatSec")),
    mtuBytes: parseCount(text("mtuBytes")),
  };
  const fault = findTicTunnelFault(tunnel);
  return fault === undefined ? success(tunnel) : failure(fault);
}

/** NaN for anything but a plain decimal number, which then fails its check. */
function parseCount(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
