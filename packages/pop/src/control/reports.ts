import { formatHex } from "@tombolo/base";
import type { DataPlane, DropRecord, PlaneCounters, PlaneTunnel } from "@tombolo/dataplane";
import { findClassName } from "../faults/class-names.ts";
import type { Life } from "../life/liveness.ts";
import type { DesiredTunnel } from "../state/desired.ts";
import type { DropReport, LatencyReport, TotalsReport, TunnelReport } from "./messages.ts";
import { formatEndpoint } from "./trace-hub.ts";

export interface TunnelParts {
  readonly pop: string;
  readonly desired: DesiredTunnel;
  readonly told: PlaneTunnel;
  readonly counters: PlaneCounters;
  readonly life: Life | undefined;
  readonly latency: LatencyReport | undefined;
  /** Of the data plane and of the beats. */
  readonly drops: readonly DropRecord[];
}

/** Newest drops first. Secrets are in none of the parts that are shown. */
export function reportTunnel({ pop, desired, told, counters, life, latency, drops }: TunnelParts): TunnelReport {
  const { inPackets, inBytes, outPackets, outBytes, endpoint, endpointProven, lastSeenAt } = counters;
  return {
    pop,
    tunnel: told.id,
    type: desired.encapsulation,
    state: stateOf(told, counters, life),
    stateSince: life?.since ?? null,
    endpoint: endpoint === undefined ? null : formatEndpoint(endpoint),
    endpointProven,
    lastSeenAt: lastSeenAt ?? null,
    lastBeatAt: life?.lastBeatAt ?? null,
    inPackets,
    inBytes,
    outPackets,
    outBytes,
    latency: latency ?? null,
    drops: drops.map(reportDrop).toSorted((a, b) => b.lastAt - a.lastAt),
  };
}

function stateOf(told: PlaneTunnel, counters: PlaneCounters, life: Life | undefined): TunnelReport["state"] {
  if (!told.enabled) return "disabled";
  if (told.endpointFixed && !counters.endpointProven) return "unproven";
  return life?.state ?? "down";
}

function reportDrop({ reason, count, lastAt, lastSource, lastBytes }: DropRecord): DropReport {
  return {
    reason,
    class: findClassName(reason) ?? null,
    count,
    lastAt,
    lastSource: lastSource === undefined ? null : formatEndpoint(lastSource),
    lastBytes: formatHex(lastBytes),
  };
}

export interface BeatTotals {
  readonly taken: number;
  /** By refusal. */
  readonly refused: ReadonlyMap<string, number>;
}

export function reportTotals(pop: string, plane: DataPlane, up: number, beats: BeatTotals): TotalsReport {
  const { tunnels, inPackets, inBytes, outPackets, outBytes, drops } = plane.totals();
  const refused = [...beats.refused].map(([reason, count]) => [`beat-${reason}`, count] as const);
  return {
    pop,
    tunnels,
    up,
    inPackets,
    inBytes,
    outPackets,
    outBytes,
    drops: { ...drops, ...Object.fromEntries(refused) },
    beats: beats.taken,
  };
}
