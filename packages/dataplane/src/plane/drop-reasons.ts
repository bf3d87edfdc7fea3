/**
 * Why a packet was not carried; closed, in the order a packet meets the checks. The index is what the shared memory holds.
 * "Quiet" ones are expected in any healthy tunnel.
 */
export const dropReasons = [
  /** Shorter than its encapsulation's header and, where it carries a packet, an IPv6 header. */
  "short",
  /** AYIYA header fields that nobody uses (IDLen, IDType, SigLen, HashMethod, AuthMethod, NextHeader). */
  "ayiya-header",
  /** An AYIYA opcode that is not for us. */
  "ayiya-opcode",
  /** No tunnel has this identity or inner source. */
  "unknown-tunnel",
  "tunnel-disabled",
  /** The tunnel is not reached by this encapsulation just now. */
  "wrong-encapsulation",
  /** More than 120 seconds between EpochTime and our clock; counted per tunnel only when signed right. */
  "clock-off",
  /** Too many packets to be checked from places that are no tunnel's endpoint. */
  "unproven-rate",
  "bad-signature",
  /** The outer source is not the tunnel's endpoint, and the tunnel's endpoint is fixed or has no signature to move by. */
  "wrong-endpoint",
  /** Signed right, but from another place than the endpoint, and older than the newest accepted, or a copy. */
  "replayed",
  "not-ipv6",
  /** The inner payload length is larger than what arrived. */
  "inner-length",
  /** Quiet: router solicitations and other link-local or multicast traffic. */
  "link-local",
  /** Unspecified, loopback, multicast, IPv4-mapped or IPv4-compatible source. */
  "bogus-source",
  "bogus-destination",
  /** The inner source is outside of the tunnel's prefixes (BCP 38). */
  "wrong-source",
  "routing-header",
  /** An echo reply that answers nothing we asked. */
  "unasked-reply",
  /** A protocol that our inner address does not speak, or more questions than it answers. */
  "local-port",
  "hop-limit",
  /** In the tunnel's own prefix, but neither end. */
  "no-host",
  "same-interface",
  /** RFC 6040: the outer header says congestion, the inner sender cannot understand it. */
  "ecn",
  "no-tunnel",
  /** No endpoint is known: the far end has not spoken yet, or was withdrawn. */
  "tunnel-down",
  "too-big",
  /** What may be sent to an endpoint that has not proven itself is used up. */
  "unproven-budget",
  "send-error",
  /** A router on the way to a protocol 41 endpoint said that it could not pass a packet on. */
  "path-error",
  "kernel-refused",
] as const;

export type DropReason = (typeof dropReasons)[number];

const index = new Map<string, number>(dropReasons.map((reason, i) => [reason, i]));

/** The number of a reason in shared memory. */
export function dropIndex(reason: DropReason): number {
  return index.get(reason) ?? 0;
}
