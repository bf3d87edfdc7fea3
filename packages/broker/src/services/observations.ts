import { isIpv4Endpoint, unreachable, wallSec, type WallSec } from "@tombolo/base";
import { isRound, latestRoundSec, type LatencyRound } from "../domain/latency.ts";
import type { Observation, TunnelId } from "../domain/types.ts";
import type { Counters, EndpointSeen } from "../ports/repositories.ts";

export interface SortedObservations {
  readonly seen: readonly { readonly tunnel: TunnelId; readonly at: WallSec }[];
  readonly counters: readonly (Counters & { readonly tunnel: TunnelId })[];
  readonly endpoints: readonly EndpointSeen[];
  /** In the order of their time. */
  readonly rounds: readonly LatencyRound[];
  readonly refused: number;
}

/**
 * A batch by kind, the newest of each tunnel, in the order of their ids; of latency every round. What is about tunnels elsewhere or can't be
 * is refused. A time ahead of our own clock counts as now: else one PoP with a wrong clock would make its news the newest for years.
 */
export function sortObservations(
  observations: readonly Observation[],
  { here, now }: { readonly here: ReadonlySet<TunnelId>; readonly now: WallSec },
): SortedObservations {
  const seen = new Map<TunnelId, { readonly tunnel: TunnelId; readonly at: WallSec }>();
  const counters = new Map<TunnelId, Counters & { readonly tunnel: TunnelId }>();
  const endpoints = new Map<TunnelId, EndpointSeen>();
  const rounds = new Map<string, LatencyRound>();
  let refused = 0;
  for (const observation of observations) {
    if (!here.has(observation.tunnel) || !isPossible(observation, now)) {
      refused += 1;
      continue;
    }
    const { kind, ...told } = observation;
    const at = wallSec(Math.min(told.at, now));
    switch (kind) {
      case "seen":
        keepNewest(seen, { tunnel: told.tunnel, at });
        break;
      case "latency":
        rounds.set(`${told.tunnel} ${at}`, { ...observation, at });
        break;
      case "counters":
        keepNewest(counters, { ...observation, at });
        break;
      case "endpoint":
        keepNewest(endpoints, { tunnel: told.tunnel, ipv4: observation.ipv4, port: observation.port, at });
        // It was proven by a packet that came from there.
        keepNewest(seen, { tunnel: told.tunnel, at });
        break;
      default:
        unreachable(kind);
    }
  }
  const inTime = [...rounds.values()].toSorted((a, b) => a.at - b.at);
  return { seen: inOrder(seen), counters: inOrder(counters), endpoints: inOrder(endpoints), rounds: inTime, refused };
}

function keepNewest<T extends { readonly tunnel: TunnelId; readonly at: WallSec }>(newest: Map<TunnelId, T>, candidate: T): void {
  const held = newest.get(candidate.tunnel);
  if (held === undefined || held.at <= candidate.at) newest.set(candidate.tunnel, candidate);
}

/** Rows are written in one order by everybody, so that two batches never wait for each other. */
function inOrder<T>(newest: ReadonlyMap<TunnelId, T>): readonly T[] {
  return [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function isPossible(observation: Observation, now: WallSec): boolean {
  if (!isCount(observation.at)) return false;
  switch (observation.kind) {
    case "seen":
      return true;
    case "latency":
      return observation.at >= now - latestRoundSec && isRound(observation);
    case "endpoint":
      return isIpv4Endpoint(observation.ipv4) && isCount(observation.port) && observation.port <= 0xffff;
    case "counters":
      return [observation.inPackets, observation.inBytes, observation.outPackets, observation.outBytes, observation.drops].every(isCount);
    default:
      return unreachable(observation);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
