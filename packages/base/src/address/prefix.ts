import { assert, failure, success, type Result } from "../result/result.ts";
import { formatIpv6, formatIpv6Reverse, makeIpv6, parseIpv6, type Ipv6Address } from "./ipv6.ts";

/** An IPv6 prefix; bits past its length are zero. */
export interface Ipv6Prefix {
  readonly address: Ipv6Address;
  /** 0 to 128. */
  readonly lengthBits: number;
}

export type PrefixFault = "not-a-prefix" | "length-out-of-range" | "host-bits-set";

export function makePrefix(address: Ipv6Address, lengthBits: number): Ipv6Prefix {
  assert(Number.isInteger(lengthBits) && lengthBits >= 0 && lengthBits <= 128, "a prefix length is 0 to 128");
  return { address: makeIpv6(address.value & maskOf(lengthBits)), lengthBits };
}

/** `address/length`; bits past the length must be zero, because a typing error is likelier than a wish. */
export function parsePrefix(text: string): Result<Ipv6Prefix, PrefixFault> {
  const slash = text.indexOf("/");
  const address = parseIpv6(text.slice(0, Math.max(slash, 0)));
  const lengthText = text.slice(slash + 1);
  if (slash < 0 || !address.ok || !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return failure("not-a-prefix");
  const lengthBits = Number(lengthText);
  if (lengthBits > 128) return failure("length-out-of-range");
  const prefix = makePrefix(address.value, lengthBits);
  return prefix.address.value === address.value.value ? success(prefix) : failure("host-bits-set");
}

export function formatPrefix(prefix: Ipv6Prefix): string {
  return `${formatIpv6(prefix.address)}/${prefix.lengthBits}`;
}

export function containsAddress(prefix: Ipv6Prefix, address: Ipv6Address): boolean {
  return (address.value & maskOf(prefix.lengthBits)) === prefix.address.value;
}

/** True when every address of `inner` is in `outer`; a prefix contains itself. */
export function containsPrefix(outer: Ipv6Prefix, inner: Ipv6Prefix): boolean {
  return inner.lengthBits >= outer.lengthBits && containsAddress(outer, inner.address);
}

export function overlapsPrefix(a: Ipv6Prefix, b: Ipv6Prefix): boolean {
  return containsPrefix(a, b) || containsPrefix(b, a);
}

/** How many prefixes of `lengthBits` fit. */
export function countSubprefixes(prefix: Ipv6Prefix, lengthBits: number): bigint {
  assert(lengthBits >= prefix.lengthBits && lengthBits <= 128, "a part is not larger than the whole");
  return 1n << BigInt(lengthBits - prefix.lengthBits);
}

/** The `index`-th prefix of `lengthBits` inside, counted from 0. */
export function subprefixAt(prefix: Ipv6Prefix, lengthBits: number, index: bigint): Ipv6Prefix {
  assert(index >= 0n && index < countSubprefixes(prefix, lengthBits), "index is inside the prefix");
  return makePrefix(makeIpv6(prefix.address.value + (index << BigInt(128 - lengthBits))), lengthBits);
}

/** The `offset`-th address inside, counted from 0. */
export function addressAt(prefix: Ipv6Prefix, offset: bigint): Ipv6Address {
  assert(offset >= 0n && offset < 1n << BigInt(128 - prefix.lengthBits), "offset is inside the prefix");
  return makeIpv6(prefix.address.value + offset);
}

/** The reverse zone's name below ip6.arpa; the length must be a multiple of four (one label a digit). */
export function formatPrefixReverse(prefix: Ipv6Prefix): string {
  assert(prefix.lengthBits % 4 === 0, "a reverse zone is cut at four bits");
  return formatIpv6Reverse(prefix.address)
    .split(".")
    .slice(32 - prefix.lengthBits / 4)
    .join(".");
}

function maskOf(lengthBits: number): bigint {
  return ((1n << BigInt(lengthBits)) - 1n) << BigInt(128 - lengthBits);
}
