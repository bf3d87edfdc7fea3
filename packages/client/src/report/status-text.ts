import type { WallSec } from "@tombolo/base";
import type { StatusDrop, StatusReport } from "../control/messages.ts";
import { formatBytes, formatDamage, formatDuration, formatRtt } from "./units.ts";

/** `tombolo status` for people; `now` is the wall clock. */
export function formatStatus(status: StatusReport, now: WallSec): string {
  const rows: [string, string][] = [[status.device, `${stateText[status.state]} (process ${status.pid}, ${status.program})`]];
  const { tunnel, answer, counters, failure } = status;
  if (tunnel !== null) {
    rows.push([
      "tunnel",
      `${tunnel.id} at PoP ${tunnel.pop}, ${tunnel.encapsulation} to ${tunnel.encapsulation === "ayiya" ? "UDP " : ""}${tunnel.popEndpoint}, MTU ${tunnel.mtuBytes}`,
    ]);
    rows.push(["address", `${tunnel.address}, gateway ${tunnel.gateway}`]);
    if (tunnel.delegations.length > 0) rows.push(["prefixes", tunnel.delegations.join(", ")]);
    if (status.source !== null) rows.push(["endpoint", formatEndpoint(status.source, status.sourcePort)]);
  }
  if (status.provenAt !== null) rows.push(["up since", `${status.provenAt}, ${ago(status.provenAt, now)}`]);
  if (answer !== null) rows.push(["answer", formatAnswer(answer, now)]);
  if (counters !== null) {
    rows.push(["received", `${counters.inPackets} packets, ${formatBytes(counters.inBytes)}`]);
    rows.push(["sent", `${counters.outPackets} packets, ${formatBytes(counters.outBytes)}`]);
    rows.push([
      "dropped",
      status.drops.length === 0 ? String(counters.drops) : status.drops.map((drop) => formatDrop(drop, now)).join("; "),
    ]);
  }
  if (status.outrankedBy !== null) {
    const { device, metric } = status.outrankedBy;
    rows.push(["warning", `the default route of ${device} (metric ${metric}) comes first: answers from the tunnel's address leave by it`]);
  }
  if (status.repair !== null)
    rows.push(["changed", `by another program ${ago(status.repair.at, now)}, ${formatDamage(status.repair.damage)}`]);
  if (failure !== null) rows.push(["trouble", failure.message]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}

const stateText: Readonly<Record<StatusReport["state"], string>> = {
  connecting: "connecting, no answer yet",
  up: "up",
  silent: "the PoP does not answer now",
  offline: "this host has no IPv4 route to the PoP now",
  waiting: "waiting to log in again",
  stopping: "stopping",
};

function formatEndpoint(source: string, port: number | null): string {
  return `${port === null ? source : `${source}:${port}`} on this host`;
}

function formatAnswer(answer: NonNullable<StatusReport["answer"]>, now: WallSec): string {
  if (answer.at === null || answer.rttMs === null) return `none to ${answer.unansweredChecks} checks`;
  const missing = answer.unansweredChecks === 0 ? "" : `, ${answer.unansweredChecks} asked since`;
  return `${ago(answer.at, now)}, round trip ${formatRtt(answer.rttMs)}${missing}`;
}

function formatDrop(drop: StatusDrop, now: WallSec): string {
  return `${drop.count} ${drop.reason} (last ${ago(drop.lastAt, now)}${drop.lastSource === null ? "" : ` from ${drop.lastSource}`})`;
}

function ago(time: string, now: WallSec): string {
  return `${formatDuration(now - Date.parse(time) / 1000)} ago`;
}
