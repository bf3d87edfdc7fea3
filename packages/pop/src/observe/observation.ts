import { formatIpv4, type Ipv4Address, type WallSec } from "@tombolo/base";

/** What this PoP has seen of one tunnel, as it travels in `POST /pop/v1/observations`. */
export type PopObservation =
  | { readonly kind: "endpoint"; readonly tunnel: string; readonly ipv4: Ipv4Address; readonly port: number; readonly at: WallSec }
  | { readonly kind: "seen"; readonly tunnel: string; readonly at: WallSec }
  | {
      /** One round of echo requests to the client's end; every round counts, not only the newest. */
      readonly kind: "latency";
      readonly tunnel: string;
      readonly at: WallSec;
      readonly sent: number;
      readonly received: number;
      /** Milliseconds, fractions allowed; all three 0 when nothing was received. */
      readonly minMs: number;
      readonly avgMs: number;
      readonly maxMs: number;
    }
  | {
      readonly kind: "counters";
      readonly tunnel: string;
      readonly at: WallSec;
      readonly inPackets: number;
      readonly inBytes: number;
      readonly outPackets: number;
      readonly outBytes: number;
      readonly drops: number;
    };

/** The broker's bound on one batch. */
export const observationBatchMax = 2000;

/** `{"observations":[…]}`, addresses as text. */
export function encodeObservations(observations: readonly PopObservation[]): string {
  return JSON.stringify({
    observations: observations.map((item) => (item.kind === "endpoint" ? { ...item, ipv4: formatIpv4(item.ipv4) } : item)),
  });
}
