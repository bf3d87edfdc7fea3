import { wallSec } from "@tombolo/base";
import type { DecisionReport, DropReport, TotalsReport, TunnelReport } from "@tombolo/pop";
import { formatTable, type Style } from "../cli/table.ts";
import { itemOutput } from "./outputs.ts";
import { formatMoment } from "./views.ts";

/** How many of the last packet's bytes a table shows; JSON has all that were kept. */
const shownBytes = 24;

/** What the PoP saw of a tunnel, for people. */
export function textOfTunnel(report: TunnelReport, style: Style): string {
  const { latency, drops } = report;
  const pairs = {
    atPop: report.pop,
    state: report.stateSince === null ? report.state : `${report.state} since ${momentOf(report.stateSince)}`,
    endpoint: report.endpoint === null ? null : `${report.endpoint}${report.endpointProven ? "" : " (not proven)"}`,
    lastPacket: momentOf(report.lastSeenAt),
    lastBeat: momentOf(report.lastBeatAt),
    in: `${report.inPackets} packets, ${report.inBytes} bytes`,
    out: `${report.outPackets} packets, ${report.outBytes} bytes`,
    latency: latency === null ? null : textOfLatency(latency),
  };
  const errors = drops.length === 0 ? "No errors." : formatTable(dropHeader, drops.map(dropCells), style);
  return `${itemOutput(pairs).text(style)}\n\n${errors}`;
}

function textOfLatency({ at, sent, received, minMs, avgMs, maxMs }: NonNullable<TunnelReport["latency"]>): string {
  const times = received === 0 ? "no answer" : `min/avg/max ${minMs.toFixed(1)}/${avgMs.toFixed(1)}/${maxMs.toFixed(1)} ms`;
  return `${received} of ${sent} answered, ${times}, at ${momentOf(at) ?? ""}`;
}

const dropHeader = ["REASON", "CLASS", "COUNT", "LAST", "SOURCE", "FIRST BYTES"];

function dropCells(drop: DropReport): readonly string[] {
  const more = drop.lastBytes.length > 2 * shownBytes ? "…" : "";
  return [
    drop.reason,
    drop.class ?? "-",
    String(drop.count),
    momentOf(drop.lastAt) ?? "-",
    drop.lastSource ?? "-",
    `${drop.lastBytes.slice(0, 2 * shownBytes)}${more}`,
  ];
}

/** What the whole PoP did not carry, the most frequent reason first. */
export function textOfTotals(totals: TotalsReport, style: Style): string {
  const drops = Object.entries(totals.drops).filter(([, count]) => count > 0);
  const rows = drops.toSorted(([, a], [, b]) => b - a).map(([reason, count]) => [reason, String(count)]);
  const { pop, tunnels, up, inPackets, outPackets, beats } = totals;
  const pairs = { pop, tunnels, up, inPackets, outPackets, beats };
  const table = rows.length === 0 ? "Nothing was dropped." : formatTable(["REASON", "COUNT"], rows, style);
  return `${itemOutput(pairs).text(style)}\n\n${table}`;
}

/** `07:00:00 in  dropped clock-off 192.0.2.9:7 44 bytes …` */
export function lineOfDecision(decision: DecisionReport): string {
  const { at, direction, decision: verdict, reason, source, length, summary } = decision;
  const time = (momentOf(at) ?? "").slice(11, 19);
  const why = reason === null ? verdict : `${verdict} ${reason}`;
  return [time, direction.padEnd(3), why, ...(source === null ? [] : [source]), `${length} bytes`, printable(summary)].join(" ");
}

function momentOf(at: number | null): string | null {
  return at === null ? null : formatMoment(wallSec(at));
}

/** Bytes of strangers must not reach a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
