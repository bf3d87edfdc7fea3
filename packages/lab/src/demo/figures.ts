/** What the story measured; undefined where it did not get that far. */
export interface Figures {
  pingMedianMs?: number;
  uploadBitsPerSec?: number;
  downloadBitsPerSec?: number;
  /** Pings lost while the broker died. */
  lostWithBroker?: number;
  /** From the PoP's death to the first answer, its start included. */
  popRestartMs?: number;
  /** From the change to the first answer: the NAT's address changed. */
  natMoveMs?: number;
  /** From the change to the first answer: the client's own address changed. */
  hostMoveMs?: number;
}

export function formatSpeed(bitsPerSec: number): string {
  return bitsPerSec >= 1e9 ? `${(bitsPerSec / 1e9).toFixed(2)} Gbit/s` : `${(bitsPerSec / 1e6).toFixed(0)} Mbit/s`;
}

export function formatMs(ms: number): string {
  return ms >= 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}
