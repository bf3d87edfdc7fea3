import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { assert, failure, success, type Result } from "../result/result.ts";
import { parseIpv4, type AddressFault } from "./ipv4.ts";

/** An IPv6 address as an unsigned 128-bit number; no zone. */
export interface Ipv6Address {
  readonly family: 6;
  readonly value: bigint;
}

const all = (1n << 128n) - 1n;

export function makeIpv6(value: bigint): Ipv6Address {
  assert(value >= 0n && value <= all, "an IPv6 address has 128 bits");
  return { family: 6, value };
}

/** RFC 4291 section 2.2, all three text forms; zones and brackets are refused. */
export function parseIpv6(text: string): Result<Ipv6Address, AddressFault> {
  if (text.length > 45) return failure("not-an-address");
  const halves = text.split("::");
  if (halves.length > 2) return failure("not-an-address");
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return failure("not-an-address");
  const missing = 8 - head.length - tail.length;
  // "::" stands for at least one group (RFC 5952 section 4.2.2 only advises against a single one).
  if (halves.length === 2 ? missing < 1 : missing !== 0) return failure("not-an-address");
  let value = 0n;
  for (const group of [...head, ...Array<number>(missing).fill(0), ...tail]) value = (value << 16n) | BigInt(group);
  return success(makeIpv6(value));
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (mayEndInIpv4 && i === parts.length - 1 && part.includes(".")) {
      const embedded = parseIpv4(part);
      if (!embedded.ok) return undefined;
      groups.push(embedded.value.value >>> 16, embedded.value.value & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** Canonical text of RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
export function formatIpv6(address: Ipv6Address): string {
  const groups = groupsOf(address);
  let bestAt = -1;
  let bestLength = 1;
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length += 1;
    if (length > bestLength) {
      bestAt = at;
      bestLength = length;
    }
  }
  // RFC 5952 section 5: an IPv4-mapped address shows its IPv4 part.
  if (address.value >> 32n === 0xffffn) {
    const low = Number(address.value & 0xffff_ffffn);
    return `::ffff:${low >>> 24}.${(low >>> 16) & 255}.${(low >>> 8) & 255}.${low & 255}`;
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (bestAt < 0) return text(groups);
  return `${text(groups.slice(0, bestAt))}::${text(groups.slice(bestAt + bestLength))}`;
}

/** Eight groups of four digits, as sortable text and as clients that cannot expand "::" want it. */
export function formatIpv6Expanded(address: Ipv6Address): string {
  return groupsOf(address)
    .map((group) => group.toString(16).padStart(4, "0"))
    .join(":");
}

/** The name below ip6.arpa (RFC 3596 section 2.5), without a final dot. */
export function formatIpv6Reverse(address: Ipv6Address): string {
  const digits = address.value.toString(16).padStart(32, "0");
  return `${[...digits].toReversed().join(".")}.ip6.arpa`;
}

function groupsOf(address: Ipv6Address): number[] {
  return Array.from({ length: 8 }, (_, i) => Number((address.value >> BigInt(112 - 16 * i)) & 0xffffn));
}

/** Sixteen bytes, network order. */
export function encodeIpv6(address: Ipv6Address): Uint8Array {
  return new ByteWriter(16).uint128(address.value).done();
}

/** Reads the first sixteen bytes; the caller has checked that they are there. */
export function decodeIpv6(bytes: Uint8Array): Ipv6Address {
  assert(bytes.length >= 16, "sixteen bytes make an IPv6 address");
  return makeIpv6(new ByteReader(bytes).uint128());
}

export function equalIpv6(a: Ipv6Address, b: Ipv6Address): boolean {
  return a.value === b.value;
}
