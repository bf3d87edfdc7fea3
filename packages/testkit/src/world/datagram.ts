import type { World } from "./world.ts";

/** What a path does to datagrams. Shares are of 100. */
export interface DatagramLink {
  readonly latencyMs: number;
  /** Up to this much more, at random: enough of it reorders. */
  readonly jitterMs: number;
  readonly lossPercent: number;
  readonly duplicatePercent: number;
  /** Larger ones vanish. */
  readonly mtuBytes: number;
}

export const perfectLink: DatagramLink = { latencyMs: 10, jitterMs: 0, lossPercent: 0, duplicatePercent: 0, mtuBytes: 65_535 };

/** Sends one datagram over the link; the copy that arrives is the receiver's own. */
export function sendDatagram(world: World, link: DatagramLink, bytes: Uint8Array, arrive: (bytes: Uint8Array) => void): void {
  if (bytes.length > link.mtuBytes) return;
  const copies = world.number(100) < link.duplicatePercent ? 2 : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    if (world.number(100) < link.lossPercent) continue;
    world.after(link.latencyMs + world.number(link.jitterMs + 1), () => arrive(bytes.slice()));
  }
}
