import { ipv6MinimumMtuBytes } from "../ipv6/header.ts";
import { ipv4HeaderBytes } from "./header.ts";

/** RFC 4213 section 3.2.1: a tunnel's MTU is configured between the IPv6 minimum and Ethernet's less the outer header. */
const tunnelMtu: { readonly minimumBytes: number; readonly maximumBytes: number; readonly defaultBytes: number } = {
  minimumBytes: ipv6MinimumMtuBytes,
  maximumBytes: 1480,
  defaultBytes: ipv6MinimumMtuBytes,
};

export function tunnelMtuIsValid(mtuBytes: number): boolean {
  return Number.isInteger(mtuBytes) && mtuBytes >= tunnelMtu.minimumBytes && mtuBytes <= tunnelMtu.maximumBytes;
}

/** The largest inner MTU over a path of `pathMtuBytes` with `overheadBytes` in front of every packet, never below 1280. */
export function innerMtuBytes(pathMtuBytes: number, overheadBytes: number): number {
  return Math.max(ipv6MinimumMtuBytes, Math.min(tunnelMtu.maximumBytes, pathMtuBytes - overheadBytes));
}

export type SizeVerdict =
  | { readonly kind: "send"; readonly dontFragment: boolean }
  /** Answer with ICMPv6 packet too big and this MTU. */
  | { readonly kind: "too-big"; readonly mtuBytes: number };

/**
 * Static MTU (RFC 4213 section 3.2.1): what fits is sent without DF, so that IPv4 may fragment; what does not fit is
 * answered, never fragmented inside.
 */
export function judgeSizeStatic(innerBytes: number, mtuBytes: number): SizeVerdict {
  return innerBytes > mtuBytes ? { kind: "too-big", mtuBytes } : { kind: "send", dontFragment: false };
}

/** Dynamic MTU (RFC 4213 section 3.2.2) over an IPv4 path of `pathMtuBytes` as ICMPv4 tells it. */
export function judgeSizeDynamic(innerBytes: number, pathMtuBytes: number): SizeVerdict {
  const fits = pathMtuBytes - ipv4HeaderBytes;
  if (fits < ipv6MinimumMtuBytes) {
    const tooBig = innerBytes > ipv6MinimumMtuBytes;
    return tooBig ? { kind: "too-big", mtuBytes: ipv6MinimumMtuBytes } : { kind: "send", dontFragment: false };
  }
  return innerBytes > fits ? { kind: "too-big", mtuBytes: fits } : { kind: "send", dontFragment: true };
}
