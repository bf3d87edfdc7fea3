import type { AddonEngine } from "../native/addon.ts";

/** Where an engine's packets come from and go to: the addon, or its twin in memory. The arrays are laid out as native/layout.ts says. */
export interface PacketIo extends AddonEngine {
  readonly netData: Uint8Array;
  readonly netPackets: Int32Array;
  readonly tunData: Uint8Array;
  readonly tunPackets: Int32Array;
}

export type SocketKind = "ayiya" | "udp" | "proto41";

/** The place after them: ICMPv4 errors, at the first worker. */
export const errorSocket = 3;

/** The same order in every worker, so that a slot can name a socket by its place. */
export const socketKinds: readonly SocketKind[] = ["ayiya", "udp", "proto41"];
