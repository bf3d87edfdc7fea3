import { formatMs, formatSpeed, type Figures } from "./figures.ts";
import type { StepRecord } from "./reporter.ts";

export interface Outcome {
  readonly ok: boolean;
  readonly steps: readonly StepRecord[];
  readonly figures: Figures;
  readonly seconds: number;
}

export function formatSummary({ ok, steps, figures, seconds }: Outcome): string {
  const good = steps.filter((step) => step.ok).length;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["ping6 through the tunnel", figures.pingMedianMs === undefined ? undefined : `${formatMs(figures.pingMedianMs)} (median)`],
    ["TCP up / down", formatBothWays(figures)],
    ["lost when the broker died", figures.lostWithBroker === undefined ? undefined : `${figures.lostWithBroker} pings`],
    ["back after the PoP was killed", figures.popRestartMs === undefined ? undefined : formatMs(figures.popRestartMs)],
    ["back after the NAT's address changed", figures.natMoveMs === undefined ? undefined : formatMs(figures.natMoveMs)],
    ["back after the laptop's address changed", figures.hostMoveMs === undefined ? undefined : formatMs(figures.hostMoveMs)],
  ];
  const lines = rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(42)}${value}`]));
  const verdict = ok ? `All ${good} steps succeeded` : `FAILED: ${good} of ${steps.length} steps succeeded`;
  return `\n${verdict} in ${seconds.toFixed(1)} s\n${lines.map((line) => `${line}\n`).join("")}`;
}

function formatBothWays({ uploadBitsPerSec, downloadBitsPerSec }: Figures): string | undefined {
  if (uploadBitsPerSec === undefined || downloadBitsPerSec === undefined) return undefined;
  return `${formatSpeed(uploadBitsPerSec)} / ${formatSpeed(downloadBitsPerSec)}`;
}
