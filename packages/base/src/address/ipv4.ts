import { failure, success, type Result } from "../result/result.ts";

/** An IPv4 address as an unsigned 32-bit number. */
export interface Ipv4Address {
  readonly family: 4;
  readonly value: number;
}

export type AddressFault = "not-an-address";

export function makeIpv4(value: number): Ipv4Address {
  return { family: 4, value: value >>> 0 };
}

/**
 * Strict dotted quad: four decimal numbers without leading zeros. Octal and short forms are refused,
 * because readers disagree about them.
 */
export function parseIpv4(text: string): Result<Ipv4Address, AddressFault> {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null) return failure("not-an-address");
  let value = 0;
  for (const part of match.slice(1)) {
    const byte = Number(part);
    if (byte > 255) return failure("not-an-address");
    value = value * 256 + byte;
  }
  return success(makeIpv4(value));
}

export function formatIpv4(address: Ipv4Address): string {
  const { value } = address;
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** Four bytes, network order. */
export function encodeIpv4(address: Ipv4Address): Uint8Array {
  const { value } = address;
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** What can never be a tunnel's far end: this network, loopback, multicast, reserved and broadcast (RFC 4213 section 4). */
export function isIpv4Endpoint(address: Ipv4Address): boolean {
  const first = address.value >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}
