import type { LabNode } from "../lab/node.ts";
import type { Lab } from "../lab/open-lab.ts";
import type { LabProcess } from "../process/process.ts";
import { findProgramFile } from "../process/program-file.ts";
import { pair, type PairNode } from "./pair.ts";
import type { ProbeEndArguments } from "./probe-end-arguments.ts";
import type { Say } from "./rounds.ts";

/** The parts are as large as the agent's, and come ten times as often: a round of a minute in six seconds. */
const probe = { tunnels: 50_000, port: 5_072, parts: 60, partMs: 100, rounds: 3 } as const;
const minuteMs = 60_000;

/** Which share of one core a PoP's data plane takes to ping 50,000 live tunnels once a minute. */
export async function measureProbe(lab: Lab<PairNode>, say: Say): Promise<number> {
  const answering = start(lab.node("near"), { ...probe, role: "answers", ownIpv4: pair.nearIpv4, peerIpv4: pair.farIpv4 });
  await answering.waitFor(/^ready$/m, 30_000);
  const asking = start(lab.node("far"), { ...probe, role: "asks", ownIpv4: pair.farIpv4, peerIpv4: pair.nearIpv4 });
  const [, ...figures] = await asking.waitFor(/^probed ([\d.]+) ([\d.]+) (\d+) (\d+)$/m, 80_000);
  const [cpuMs = Number.NaN, idleMs = Number.NaN, asked = 0, answered = 0] = figures.map(Number);
  say(`asked ${asked} times, answered ${answered}; ${cpuMs} ms of CPU time, ${idleMs} ms of it as when idle`);
  return probeShare({ cpuMs, idleMs, asked, answered });
}

export interface ProbeFigures {
  readonly cpuMs: number;
  readonly idleMs: number;
  readonly asked: number;
  readonly answered: number;
}

/** CPU time of a round, of the minute that it is meant for. Where answers were lost less was done than is claimed, so it is no figure. */
export function probeShare(figures: ProbeFigures): number {
  const { cpuMs, idleMs, asked, answered } = figures;
  if (asked === 0 || answered < asked * 0.99) throw new Error(`only ${answered} of ${asked} pings were answered`);
  return (cpuMs - idleMs) / (asked / probe.tunnels) / minuteMs;
}

function start(node: LabNode, given: ProbeEndArguments): LabProcess {
  return node.start([process.execPath, "--expose-gc", ...findProgramFile(import.meta.url, "./probe-end"), JSON.stringify(given)]);
}
