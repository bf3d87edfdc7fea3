import { formatIpv4, formatIpv6, formatPrefix, type WallSec } from "@tombolo/base";
import type { DropRecord, PlaneEndpoint } from "@tombolo/dataplane";
import type { StatusReport, StatusTunnel } from "../control/messages.ts";
import { describeFailure } from "../failure/describe.ts";
import { exitCodes, type Failure } from "../failure/failure.ts";
import type { Running, State } from "../supervisor/state.ts";
import { failureOf } from "../supervisor/step.ts";
import { formatPopEndpoint, type TunnelGrant } from "../tic/grant.ts";
import type { RunView } from "./client-run.ts";

/** What a running client tells about itself; free of secrets. */
export function makeStatus(
  view: RunView,
  about: { readonly device: string; readonly pid: number; readonly program: string },
): StatusReport {
  const { state, counters } = view;
  const running = state.phase === "running" ? state : undefined;
  const grant = running?.grant ?? (state.phase === "opening" ? state.grant : undefined);
  const trouble = failureOf(state) ?? (running === undefined ? undefined : view.repair?.failure);
  return {
    ...about,
    state: nameOf(state),
    provenAt: running === undefined ? null : formatMaybe(running.provenAt),
    tunnel: grant === undefined ? null : describeTunnel(grant),
    source: running?.source === undefined ? null : formatIpv4(running.source),
    sourcePort: view.port ?? null,
    answer: running === undefined ? null : describeAnswer(running),
    counters:
      counters === undefined
        ? null
        : {
            inPackets: counters.inPackets,
            inBytes: counters.inBytes,
            outPackets: counters.outPackets,
            outBytes: counters.outBytes,
            drops: counters.drops,
          },
    drops: view.drops.map(describeDrop),
    outrankedBy: running === undefined ? null : (view.outrankedBy ?? null),
    repair: view.repair === undefined ? null : { at: formatTime(view.repair.at), damage: view.repair.damage },
    failure: trouble === undefined ? null : describeTrouble(trouble),
  };
}

export function describeTunnel(grant: TunnelGrant): StatusTunnel {
  return {
    id: `T${grant.id}`,
    pop: grant.pop,
    popEndpoint: formatPopEndpoint(grant),
    encapsulation: grant.type,
    address: `${formatIpv6(grant.clientAddress)}/${grant.prefixLengthBits}`,
    gateway: formatIpv6(grant.popAddress),
    mtuBytes: grant.mtuBytes,
    beatSec: grant.beatSec,
    delegations: grant.delegations.map(formatPrefix),
  };
}

export function describeTrouble(failure: Failure): { code: string; exitCode: number; message: string } {
  return { code: failure.code, exitCode: exitCodes[failure.code], message: describeFailure(failure) };
}

function nameOf(state: State): StatusReport["state"] {
  switch (state.phase) {
    case "waiting":
      return "waiting";
    case "running":
      if (state.source === undefined) return "offline";
      if (state.health.silent) return "silent";
      return state.provenAt === undefined ? "connecting" : "up";
    case "closing":
      return state.reopen === undefined ? "stopping" : "waiting";
    case "done":
      return "stopping";
    default:
      return "connecting";
  }
}

function describeAnswer(running: Running): StatusReport["answer"] {
  const { answeredAt, rttMs, unanswered } = running.health;
  return { at: formatMaybe(answeredAt), rttMs: rttMs === undefined ? null : roundRtt(rttMs), unansweredChecks: unanswered };
}

/** Microseconds; more would be noise. */
export function roundRtt(rttMs: number): number {
  return Math.round(rttMs * 1000) / 1000;
}

function describeDrop(drop: DropRecord): StatusReport["drops"][number] {
  const lastSource = drop.lastSource === undefined ? null : formatEndpoint(drop.lastSource);
  return { reason: drop.reason, count: drop.count, lastAt: formatTime(drop.lastAt), lastSource };
}

function formatEndpoint(endpoint: PlaneEndpoint): string {
  return `${formatIpv4(endpoint.ipv4)}:${endpoint.port}`;
}

function formatMaybe(at: WallSec | undefined): string | null {
  return at === undefined ? null : formatTime(at);
}

/** `2026-11-20T09:30:00Z`. */
export function formatTime(at: WallSec): string {
  return new Date(at * 1000).toISOString().replace(".000Z", "Z");
}
