import { latencySteps, type LatencyStep } from "@tombolo/broker";
import { wallSec } from "@tombolo/base";
import { UsageError, type AdminCommand } from "../cli/command.ts";
import { systemWall } from "../platform/clocks.ts";
import { readMoment, readTunnelId } from "./arguments.ts";
import { listOutput } from "./outputs.ts";
import { formatMoment } from "./views.ts";

/** What is shown when no moment is named: about a screen full of each. */
const usualSec: Readonly<Record<LatencyStep, number>> = { "5min": 2 * 3_600, hour: 86_400, day: 30 * 86_400 };

export const latencyCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "latency", "show"],
    operands: ["TUNNEL"],
    about: "Show how a tunnel's far end answered its PoP: milliseconds and loss.",
    options: {
      step: { value: "STEP", about: "5min, hour (default) or day" },
      from: { value: "MOMENT", about: "such as 2026-11-21T07:00:00Z; default two hours, a day or thirty days before the end" },
      to: { value: "MOMENT", about: "the end; default now" },
    },
    examples: ["admin latency show T1001", "admin latency show T1001 --step day --from 2026-11-01T00:00:00Z --json"],
    async run(broker, given) {
      const [from, to] = [given.option("from"), given.option("to")];
      const step = readStep(given.option("step") ?? "hour");
      const end = to === undefined ? systemWall.nowSec() + 1 : readMoment(to);
      const start = from === undefined ? Math.max(0, end - usualSec[step]) : readMoment(from);
      const { id: tunnel } = await broker.tunnels.get(readTunnelId(given.operand(0)));
      const points = await broker.latency.read({ tunnel, from: wallSec(start), to: wallSec(end), step });
      const views = points.map(({ at, sent, received, ms }) => ({
        at: formatMoment(at),
        sent,
        received,
        minMs: ms?.min ?? null,
        avgMs: ms?.avg ?? null,
        maxMs: ms?.max ?? null,
      }));
      return listOutput(views, ["at", "sent", "received", "minMs", "avgMs", "maxMs"], "No rounds in this time.");
    },
  },
];

function readStep(text: string): LatencyStep {
  const found = latencySteps.find((item) => item === text);
  if (found === undefined) throw new UsageError(`"${text}" is not one of ${latencySteps.join(", ")}`);
  return found;
}
