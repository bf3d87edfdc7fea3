/**
 * The memory that TypeScript and the addon share. native/src/layout.h repeats these numbers; a test compares the two.
 *
 * A slot of the tunnel table, 128 bytes, all fields little-endian 32-bit words unless noted:
 *
 *    0  sequence       odd while the writer is inside (sequence lock); even otherwise
 *    4  flags          see slotFlags
 *    8  encapsulation  see encapsulations
 *   12  mtuBytes
 *   16  endpointIp     as a number (192.0.2.1 = 0xc0000201)
 *   20  endpointPort
 *   24  socket         index of the socket that reaches the endpoint (in the worker's own list)
 *   28  id             number in T1001
 *   32  local          16 bytes in network order: our inner address, our AYIYA identity
 *   48  remote         16 bytes in network order: theirs
 *   64  key            20 bytes: SHA-1(secret)
 *   84  moveEpochSec   EpochTime of the packet that last moved the endpoint
 *   88  budgetBytes    signed: what may still be sent to an unproven endpoint
 *   92  beatSec
 *   96  to 127 unused, zero
 */
export const slotBytes = 128;
export const slotAt = {
  sequence: 0,
  flags: 4,
  encapsulation: 8,
  mtuBytes: 12,
  endpointIp: 16,
  endpointPort: 20,
  socket: 24,
  id: 28,
  local: 32,
  remote: 48,
  key: 64,
  moveEpochSec: 84,
  budgetBytes: 88,
  beatSec: 92,
} as const;

export const slotFlags = {
  used: 1,
  enabled: 2,
  hasEndpoint: 4,
  /** The endpoint answered a nonce, or was configured. */
  proven: 8,
  /** The endpoint never moves. */
  fixed: 16,
  /** Our inner address is nobody else's: the data plane answers echo requests to it. */
  answersEcho: 32,
} as const;

export const encapsulations = { none: 0, ayiya: 1, proto41: 2, udp: 3 } as const;

/**
 * One received datagram (network → kernel), `netWords` Int32 words. The addon fills offset to socket for every datagram of a
 * receive; the engine fills verdict and the inner bounds; `verifyAyiya` and `tunSend` act on them.
 */
export const netWords = 12;
export const netWord = {
  /** Bytes into netData: start of the UDP payload, or of what follows the outer IPv4 header for protocol 41. */
  offset: 0,
  length: 1,
  sourceIp: 2,
  sourcePort: 3,
  /** Outer TOS byte, -1 when the kernel did not tell. */
  tos: 4,
  socket: 5,
  /** See netVerdicts. */
  verdict: 6,
  innerOffset: 7,
  innerLength: 8,
  /** Slot of the tunnel, set by the engine before verifyAyiya. */
  slot: 9,
} as const;
export const netVerdicts = { drop: 0, verify: 1, badSignature: 2, accept: 3 } as const;

/**
 * One packet or TCP/UDP super-packet to be encapsulated (kernel → network), `tunWords` Int32 words.
 * The addon fills offset to checksumOffset for what it read off the TUN device; the engine may append packets of its own making.
 */
export const tunWords = 14;
export const tunWord = {
  /** Bytes into tunData where the IPv6 header begins. */
  offset: 0,
  length: 1,
  /** See segmentKinds. */
  segmentKind: 2,
  /** Payload bytes of each segment but the last. */
  segmentBytes: 3,
  /** 1: the transport checksum is still to be finished, as checksumStart and checksumOffset say. */
  needsChecksum: 4,
  checksumStart: 5,
  checksumOffset: 6,
  /** Slot of the tunnel to send through, or -1 to drop. */
  slot: 7,
  /** Non-zero: send there instead of to the slot's endpoint (proving a candidate). */
  overrideIp: 8,
  overridePort: 9,
  /** AYIYA opcode: 1 forward; 0 beat, 4 echo response (NextHeader 59). Other encapsulations ignore it. */
  opcode: 10,
  /** Outer TOS byte to send with. */
  tos: 11,
  /** Out: packets sent, or -errno when the (first) send failed. */
  result: 12,
} as const;
export const segmentKinds = { none: 0, tcp6: 1, udp6: 2 } as const;

/** What `poll` answers, as bits. Socket i is `socket << i`. */
export const ready = { tun: 1, wake: 2, socket: 4 } as const;

export const limits = {
  netDataBytes: 524_288,
  tunDataBytes: 524_288,
  /** The last part of both buffers is the engine's, for packets of its own making. */
  craftBytes: 65_536,
  netPackets: 256,
  tunPackets: 256,
  /** Of those, kept for the engine. */
  craftPackets: 32,
} as const;
