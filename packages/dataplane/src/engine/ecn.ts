/** The two lowest bits of a TOS or traffic class byte (RFC 3168). */
const notEct = 0;
const ect1 = 1;
const ce = 3;

/** The ECN field of the IPv6 packet at `at`: what the outer header takes over in RFC 6040's normal mode. */
export function ecnOf(data: Uint8Array, at: number): number {
  return ((data[at + 1] ?? 0) >> 4) & 3;
}

/**
 * Merges the outer ECN field into the inner packet at `at` (RFC 6040 section 4.2). False: drop, because congestion was marked
 * on a flow that cannot hear of it. `tos` -1 (not told) leaves the packet as it is.
 */
export function ecnDecapsulate(data: Uint8Array, at: number, tos: number): boolean {
  const outer = tos & 3;
  if (tos < 0 || outer === notEct) return true;
  const inner = ecnOf(data, at);
  if (inner === notEct) return outer !== ce;
  if (inner === ce) return true;
  if (outer === ce || outer === ect1) data[at + 1] = ((data[at + 1] ?? 0) & 0xcf) | ((outer === ce ? ce : ect1) << 4);
  return true;
}
