import { ipv6At, ipv6HeaderBytes, ipv6PacketBytes, nextHeaders } from "./header.ts";

/** More extension headers than this are a walk that no honest sender asks for. */
export const maxExtensionHeaders = 8;

/** Where a walk ended; owned and reused by the caller, so that a walk allocates nothing. */
export interface UpperLayer {
  /** Protocol number of what begins at `at`. */
  protocol: number;
  /** Offset in bytes in the packet's array. */
  at: number;
  /** Not the first fragment: what begins at `at` is the middle of something. */
  laterFragment: boolean;
  /** A routing header of type 0 with segments left was passed (RFC 5095: drop). */
  routingType0: boolean;
}

export type WalkFault =
  | "extension-cut-short"
  | "too-many-extensions"
  /** Hop-by-hop options stand only directly behind the IPv6 header (RFC 8200 section 4.1). */
  | "hop-by-hop-misplaced";

export function makeUpperLayer(): UpperLayer {
  return { protocol: nextHeaders.none, at: 0, laterFragment: false, routingType0: false };
}

/**
 * Walks the extension headers of the packet at `at` (checked by `findIpv6Fault`) up to the upper layer
 * (RFC 8200 section 4). On a fault `found` tells how far the walk came.
 */
export function walkExtensions(packet: Uint8Array, at: number, found: UpperLayer): WalkFault | undefined {
  const end = at + ipv6PacketBytes(packet, at);
  found.protocol = packet[at + ipv6At.nextHeader] ?? nextHeaders.none;
  found.at = at + ipv6HeaderBytes;
  found.laterFragment = false;
  found.routingType0 = false;
  for (let passed = 0; isExtension(found.protocol); passed += 1) {
    if (passed === maxExtensionHeaders) return "too-many-extensions";
    if (found.protocol === nextHeaders.hopByHop && passed > 0) return "hop-by-hop-misplaced";
    if (found.at + 8 > end) return "extension-cut-short";
    const length = extensionBytes(packet, found);
    if (found.at + length > end) return "extension-cut-short";
    if (found.protocol === nextHeaders.routing && packet[found.at + 2] === 0 && packet[found.at + 3] !== 0) {
      found.routingType0 = true;
    }
    const isFragment = found.protocol === nextHeaders.fragment;
    // Thirteen bits of offset, then two reserved and the more-fragments flag.
    found.laterFragment = isFragment && (packet[found.at + 2] !== 0 || (packet[found.at + 3] ?? 0) >> 3 !== 0);
    found.protocol = packet[found.at] ?? nextHeaders.none;
    found.at += length;
    if (found.laterFragment) return undefined;
  }
  return undefined;
}

function isExtension(protocol: number): boolean {
  switch (protocol) {
    case nextHeaders.hopByHop:
    case nextHeaders.routing:
    case nextHeaders.fragment:
    case nextHeaders.authentication:
    case nextHeaders.destinationOptions:
    case nextHeaders.mobility:
    case nextHeaders.hostIdentity:
    case nextHeaders.shim6:
      return true;
    default:
      return false;
  }
}

function extensionBytes(packet: Uint8Array, found: UpperLayer): number {
  const length = packet[found.at + 1] ?? 0;
  if (found.protocol === nextHeaders.fragment) return 8;
  // RFC 4302 section 2.2 counts in 4 bytes and leaves out two of them; everybody else in 8, leaving out one.
  return found.protocol === nextHeaders.authentication ? 4 * (length + 2) : 8 * (length + 1);
}
