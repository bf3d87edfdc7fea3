/** What the addon offers. Arguments are checked by its callers in TypeScript; errors of the kernel are thrown as `Error` with `code` (EPERM) and `syscall`. */
export interface Addon {
  /** Asked of the kernel and the processor once, by trying. */
  probe(): AddonCapabilities;
  /** For tests: `how` forces one implementation; "sha-ni" throws where the processor has none. */
  sha1(bytes: Uint8Array, how: "auto" | "portable" | "sha-ni"): Uint8Array;
  /** Offsets and sizes as compiled in, to be compared with layout.ts. */
  layout(): Readonly<Record<string, number>>;

  /** IFF_TUN, IFF_NO_PI, IFF_VNET_HDR, non-blocking. Call again with the same name for the next queue of a multi-queue device. */
  openTun(name: string, multiQueue: boolean): { readonly fd: number; readonly name: string; readonly udpSegments: boolean };
  /** Non-blocking, UDP_GRO and IP_RECVTOS on, no DF on what it sends. Port 0: the kernel chooses; the answer tells. */
  openUdp(ipv4: number, port: number, reusePort: boolean): { readonly fd: number; readonly port: number };
  /** Raw socket of protocol 41. With `count` > 1 a socket filter passes only packets whose outer source falls to `index`. */
  openProto41(ipv4: number, index: number, count: number): { readonly fd: number };
  /** Raw socket that gets ICMPv4 errors alone; to an engine its kind is "proto41", so that the outer header is taken off. */
  openIcmpErrors(ipv4: number): { readonly fd: number };
  openWake(): { readonly fd: number };
  /** Wakes the `poll` of the worker that holds `fd`. */
  wake(fd: number): void;
  close(fd: number): void;

  /** One per worker. The buffers are kept alive by the engine and must not be transferred or resized. */
  makeEngine(setup: AddonEngineSetup): AddonEngine;
}

export interface AddonCapabilities {
  readonly shaNi: boolean;
  readonly udpSegment: boolean;
  readonly udpGro: boolean;
  readonly tunUdpSegments: boolean;
}

export interface AddonEngineSetup {
  /** -1: none. */
  readonly tunFd: number;
  readonly wakeFd: number;
  readonly sockets: readonly { readonly fd: number; readonly kind: "udp" | "proto41" }[];
  /** The slots of the tunnel table (SharedArrayBuffer seen as bytes). */
  readonly slots: Uint8Array;
  readonly netData: Uint8Array;
  readonly netPackets: Int32Array;
  readonly tunData: Uint8Array;
  readonly tunPackets: Int32Array;
}

export interface AddonEngine {
  /** Blocks until something is ready or the time is over; -1 waits for ever. Answers bits of `ready`. */
  poll(timeoutMs: number): number;
  /**
   * Receives from one socket until it would block or the buffers are full; answers how many datagrams stand in netPackets, or -EBADF
   * for a socket that is not there. Fills from netData 0. Every record begins with verdict `drop` and slot -1. A record of protocol 41
   * may be a TCP super-packet, longer than any MTU: the kernel coalesces what comes in, and `tunSend` knows them.
   */
  netReceive(socket: number): number;
  /** Checks the AYIYA signature of every packet among the first `count` whose verdict is `verify`: `accept`, or `badSignature`. */
  verifyAyiya(count: number): void;
  /** Writes the inner packets of verdict `accept` among `count` to TUN, TCP segments merged per flow; answers how many were written, or -errno. */
  tunSend(count: number): number;
  /**
   * Reads TUN until it would block or the buffers are full; answers how many (super-)packets stand in tunPackets, or -errno when the
   * device is gone (EBADFD). Fills from tunData 0. Every record begins with slot -1, opcode 1 and no override.
   */
  tunReceive(): number;
  /**
   * Splits, encapsulates (and signs with `epochSec`) and sends the first `count` packets whose slot is not -1; runs of equal size to
   * one endpoint leave as one UDP_SEGMENT send. Answers how many packets were sent; each record's `result` tells of its own. Whether a
   * tunnel is enabled is the caller's to know: the addon only looks at `used` and `hasEndpoint`.
   */
  encap(count: number, epochSec: number): number;
}
