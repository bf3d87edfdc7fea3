/*
 * AYIYA header with the one shape that is in use: 16-byte identity, 20-byte SHA-1 signature, shared secret
 * (draft-massar-v6ops-ayiya-02, aiccu 2007.01.15, sixxsd 4.0)
 *
 *   0       4       8      12      16              24              32
 *   +-------+-------+-------+-------+-------+-------+---------------+
 *   | IDLen | IDType| SigLen| Hash  | Auth  |OpCode |  NextHeader   |
 *   |  4    |   1   |   5   |   2   |   1   |       |               |
 *   +-------+-------+-------+-------+-------+-------+---------------+
 *   |                 EpochTime, unsigned seconds                   |
 *   +---------------------------------------------------------------+
 *   |  Identity: the sender's inner IPv6 address, 16 bytes          |
 *   +---------------------------------------------------------------+
 *   |  Signature: SHA-1, 20 bytes                                   |
 *   +---------------------------------------------------------------+
 *   |  payload, to the end of the datagram                          |
 */

/** Offsets in bytes. */
export const ayiyaAt = {
  lengths: 0,
  methods: 1,
  operation: 2,
  nextHeader: 3,
  epoch: 4,
  identity: 8,
  signature: 24,
  payload: 44,
} as const;

export const ayiyaHeaderBytes = 44;
export const ayiyaSignatureBytes = 20;

/** IPv4 (20), UDP (8) and AYIYA header: what a tunnel's MTU is smaller than its path's. */
export const ayiyaOverheadBytes = 72;

/** The two first header bytes of every acceptable packet, and the upper half of the third. */
export const ayiyaLengths = 0x41;
export const ayiyaMethods = 0x52;
export const ayiyaSharedSecret = 0x10;

export const ayiyaOpcodes = {
  noop: 0,
  forward: 1,
  echoRequest: 2,
  echoRequestAndForward: 3,
  echoResponse: 4,
  messageOfTheDay: 5,
  queryRequest: 6,
  queryResponse: 7,
} as const;

export type AyiyaOpcode = (typeof ayiyaOpcodes)[keyof typeof ayiyaOpcodes];

/** Both ends accept this much difference of clocks, inclusive. */
const clockWindowSec = 120;

/** Theirs minus ours, both taken as unsigned 32-bit seconds and the shorter way around, so 2106 is no cliff. */
export function clockSkewSec(epochSec: number, nowSec: number): number {
  return (epochSec - nowSec) | 0;
}

/** Whether a packet stamped `epochSec` is fresh at `nowSec`: at most 120 s off either way. */
export function withinClockWindow(epochSec: number, nowSec: number): boolean {
  const skew = clockSkewSec(epochSec, nowSec);
  return skew >= -clockWindowSec && skew <= clockWindowSec;
}
