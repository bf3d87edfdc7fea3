/** The two ECN bits (RFC 3168 section 5). */
export const ecn = { notEct: 0, ect1: 1, ect0: 2, ce: 3 } as const;

/** RFC 6040 section 4.1, normal mode: the outer ECN is the inner one. The outer DSCP is zero unless policy copies it. */
export function encapsulatedTos(innerTrafficClass: number, copiesDscp: boolean): number {
  return copiesDscp ? innerTrafficClass & 0xff : innerTrafficClass & 3;
}

/**
 * RFC 6040 section 4.2: the inner ECN after decapsulation, or -1 when the packet must be dropped (congestion was met
 * by a sender that cannot hear of it).
 */
export function decapsulatedEcn(inner: number, outer: number): number {
  return decapsulated[((inner & 3) << 2) | (outer & 3)] ?? -1;
}

/**
 * Inner ECN by row, outer ECN by column, both in the order of their codes.
 *                     Not-ECT     ECT(1)    ECT(0)       CE
 */
const decapsulated: readonly number[] = [
  /* Not-ECT */ ecn.notEct,
  ecn.notEct,
  ecn.notEct,
  -1,
  /* ECT(1)  */ ecn.ect1,
  ecn.ect1,
  ecn.ect1,
  ecn.ce,
  /* ECT(0)  */ ecn.ect0,
  ecn.ect1,
  ecn.ect0,
  ecn.ce,
  /* CE      */ ecn.ce,
  ecn.ce,
  ecn.ce,
  ecn.ce,
];

/** The traffic class of the IPv6 packet at `at`. */
export function trafficClassAt(packet: Uint8Array, at: number): number {
  return (((packet[at] ?? 0) & 0x0f) << 4) | ((packet[at + 1] ?? 0) >> 4);
}

/**
 * Applies the decapsulation table in place to the IPv6 packet at `at`, which arrived with `outerTos`; -1 stands for an
 * outer header that the kernel did not show, and changes nothing. False: drop the packet.
 */
export function decapsulateEcn(packet: Uint8Array, at: number, outerTos: number): boolean {
  if (outerTos < 0) return true;
  const trafficClass = trafficClassAt(packet, at);
  const result = decapsulatedEcn(trafficClass, outerTos);
  if (result < 0) return false;
  packet[at + 1] = ((packet[at + 1] ?? 0) & 0b1100_1111) | (result << 4);
  return true;
}
