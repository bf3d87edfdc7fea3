import { isIpv4Endpoint, type Ipv4Address } from "@tombolo/base";
import { findIpv6Fault, ipv6At, ipv6PacketBytes } from "../ipv6/header.ts";

/** Why a packet out of a configured tunnel is not taken, in the order of the checks (RFC 4213 sections 3.6, 4 and 5). */
export const decapsulationRefusals = [
  "outer-source-invalid",
  "outer-source-unknown",
  "inner-too-short",
  "inner-not-ipv6",
  "inner-cut-short",
  "inner-source-invalid",
] as const;

export type DecapsulationRefusal = (typeof decapsulationRefusals)[number];

/** What never is an inner source (RFC 4213 section 4, RFC 4291). Which of the others belong to the tunnel is its table's matter. */
export type InvalidInnerSource =
  | "unspecified"
  | "loopback"
  | "multicast"
  | "ipv4-mapped"
  | "ipv4-compatible"
  /** fe80::/10: ours are routed tunnels without neighbours; clients use the global ends. */
  | "link-local"
  /** 2002::/16 names somebody else's relay. */
  | "6to4";

/** True when a datagram may come from there: not this network, loopback, multicast, reserved or broadcast. */
export function outerSourceIsValid(source: Ipv4Address): boolean {
  return isIpv4Endpoint(source);
}

/** Looks at the sixteen bytes at `addressAt`; undefined when an inner packet may come from there. */
export function findInvalidInnerSource(packet: Uint8Array, addressAt: number): InvalidInnerSource | undefined {
  const first = packet[addressAt] ?? 0;
  const second = packet[addressAt + 1] ?? 0;
  if (first === 0xff) return "multicast";
  if (first === 0xfe && (second & 0xc0) === 0x80) return "link-local";
  if (first === 0x20 && second === 0x02) return "6to4";
  for (let i = 0; i < 10; i += 1) if (packet[addressAt + i] !== 0) return undefined;
  const group = wordAt(packet, addressAt + 10);
  if (group === 0xffff) return "ipv4-mapped";
  if (group !== 0) return undefined;
  const high = wordAt(packet, addressAt + 12);
  const low = wordAt(packet, addressAt + 14);
  if (high === 0 && low <= 1) return low === 0 ? "unspecified" : "loopback";
  return "ipv4-compatible";
}

/**
 * The checks that need no table: addresses out of the reserved ranges, version and lengths. `outer` is the configured or
 * learned far end. `length` is the outer payload in bytes, and the inner packet may be shorter (padding is stripped).
 */
export function findDecapsulationRefusal(
  packet: Uint8Array,
  at: number,
  length: number,
  outer: { readonly source: Ipv4Address; readonly expected: Ipv4Address | undefined },
): DecapsulationRefusal | undefined {
  if (!outerSourceIsValid(outer.source)) return "outer-source-invalid";
  if (outer.expected === undefined || outer.expected.value !== outer.source.value) return "outer-source-unknown";
  const fault = findIpv6Fault(packet, at, length);
  if (fault === "too-short") return "inner-too-short";
  if (fault === "not-version-6") return "inner-not-ipv6";
  if (fault === "payload-cut-short") return "inner-cut-short";
  return findInvalidInnerSource(packet, at + ipv6At.source) === undefined ? undefined : "inner-source-invalid";
}

/** How long the inner packet is without what pads it. */
export function strippedBytes(packet: Uint8Array, at: number, length: number): number {
  return Math.min(length, ipv6PacketBytes(packet, at));
}

function wordAt(packet: Uint8Array, at: number): number {
  return (packet[at] ?? 0) * 0x100 + (packet[at + 1] ?? 0);
}
