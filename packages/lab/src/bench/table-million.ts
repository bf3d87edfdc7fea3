import type { Lab } from "../lab/open-lab.ts";
import { findProgramFile } from "../process/program-file.ts";
import type { PairNode } from "./pair.ts";
import type { PlaneLoad } from "./plane-load-arguments.ts";

export interface LoadFigures {
  readonly loadSec: number;
  readonly bytesPerTunnel: number;
}

const tunnels = 1_000_000;

/** A million tunnels, each with its link and a delegated /64, into one data plane process. */
export async function measureMillion(lab: Lab<PairNode>): Promise<LoadFigures> {
  const load: PlaneLoad = { tunnels, device: "load0" };
  const program = findProgramFile(import.meta.url, "./plane-load");
  const loader = lab.node("far").start([process.execPath, "--expose-gc", ...program, JSON.stringify(load)]);
  const [, seconds, bytes] = await loader.waitFor(/^loaded ([\d.]+) (\d+)$/m, 110_000);
  return { loadSec: Number(seconds), bytesPerTunnel: Number(bytes) / (tunnels - 1) };
}
