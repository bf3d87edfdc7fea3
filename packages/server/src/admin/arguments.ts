import { parseIpv4, parseIpv6, parsePrefix, type Ipv4Address, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";
import {
  parseDelegationId,
  parsePoolId,
  parseRequestId,
  parseTunnelId,
  requestStates,
  type DelegationId,
  type Encapsulation,
  type PoolId,
  type PoolPurpose,
  type RequestId,
  type RequestState,
  type TunnelId,
} from "@tombolo/broker";
import { UsageError } from "../cli/command.ts";

/* Readers of what people type; the message says what it should look like. */

export function readIpv4(text: string): Ipv4Address {
  const address = parseIpv4(text);
  if (!address.ok) throw new UsageError(`"${text}" is not an IPv4 address such as 192.0.2.1`);
  return address.value;
}

export function readIpv6(text: string): Ipv6Address {
  const address = parseIpv6(text);
  if (!address.ok) throw new UsageError(`"${text}" is not an IPv6 address such as 2001:db8::1`);
  return address.value;
}

export function readPrefix(text: string): Ipv6Prefix {
  const prefix = parsePrefix(text);
  if (prefix.ok) return prefix.value;
  const why = prefix.reason === "host-bits-set" ? "has bits set past its length" : "is not an IPv6 prefix such as 2001:db8:1::/48";
  throw new UsageError(`"${text}" ${why}`);
}

export function readTunnelId(text: string): TunnelId {
  const id = parseTunnelId(text.toUpperCase());
  if (!id.ok) throw new UsageError(`"${text}" is not a tunnel such as T1001`);
  return id.value;
}

export function readPoolId(text: string): PoolId {
  const id = parsePoolId(text.toUpperCase());
  if (!id.ok) throw new UsageError(`"${text}" is not a pool such as P1`);
  return id.value;
}

export function readDelegationId(text: string): DelegationId {
  const id = parseDelegationId(text.toUpperCase());
  if (!id.ok) throw new UsageError(`"${text}" is not a delegation such as R1001`);
  return id.value;
}

export function readRequestId(text: string): RequestId {
  const id = parseRequestId(text.toUpperCase());
  if (!id.ok) throw new UsageError(`"${text}" is not a request such as Q1001`);
  return id.value;
}

export function readRequestState(text: string): RequestState {
  const found = requestStates.find((item) => item === text);
  if (found === undefined) throw new UsageError(`"${text}" is not one of ${requestStates.join(", ")}`);
  return found;
}

/** `/48` or `48`. */
export function readLength(text: string): number {
  const digits = /^\/?(\d{1,3})$/.exec(text)?.[1];
  if (digits === undefined) throw new UsageError(`"${text}" is not a prefix length such as /48`);
  return Number(digits);
}

const encapsulations: readonly Encapsulation[] = ["ayiya", "6in4", "heartbeat", "udp"];

export function readEncapsulation(text: string): Encapsulation {
  const found = encapsulations.find((item) => item === text.toLowerCase());
  if (found === undefined) throw new UsageError(`"${text}" is not one of ${encapsulations.join(", ")}`);
  return found;
}

const purposes: readonly PoolPurpose[] = ["tunnel", "delegation"];

export function readPurpose(text: string): PoolPurpose {
  const found = purposes.find((item) => item === text);
  if (found === undefined) throw new UsageError(`"${text}" is not one of ${purposes.join(", ")}`);
  return found;
}

export function readWhole(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
}

export function readHandle(text: string): string {
  return text.toUpperCase();
}

/** A moment as `2026-11-21T07:00:00Z`, or seconds since 1970. */
export function readMoment(text: string): number {
  const atSec = /^\d{1,10}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  if (Number.isNaN(atSec)) throw new UsageError(`"${text}" is not a moment such as 2026-11-21T07:00:00Z`);
  return atSec;
}
