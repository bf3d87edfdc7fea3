// A program: loads many tunnels into a PoP's data plane, each with its link and a delegated /64. Argument: PlaneLoad as JSON.
// Prints `loaded SECONDS BYTES`: the time spent in the data plane, and the growth of resident memory from the first tunnel to the last.
import { openUserspacePlane } from "@tombolo/dataplane";
import { monotonicMs } from "../wait/clocks.ts";
import { collectGarbage } from "./garbage.ts";
import type { PlaneLoad } from "./plane-load-arguments.ts";
import { makeDelegatedTunnel } from "./plane-tunnels.ts";

const given = JSON.parse(process.argv[2] ?? "") as PlaneLoad;
/** Descriptions are made outside of the measured time, a batch at a time so that they are never all there. */
const batch = 2_048;
const plane = await openUserspacePlane(
  {
    role: "pop",
    device: given.device,
    outerIpv4: { family: 4, value: 0 },
    ayiyaPort: 0,
    udpPort: undefined,
    proto41: false,
    workers: 1,
    capacity: given.tunnels,
  },
  (event) => {
    if (event.kind === "worker-failed") process.stderr.write(`${event.message}\n`);
  },
);
load(0, 1);
collectGarbage();
const before = process.memoryUsage.rss();
let spentMs = 0;
for (let from = 1; from < given.tunnels; from += batch) spentMs += load(from, Math.min(from + batch, given.tunnels));
collectGarbage();
process.stdout.write(`loaded ${(spentMs / 1000).toFixed(3)} ${process.memoryUsage.rss() - before}\n`);
await plane.close();

/** Milliseconds in the data plane. */
function load(from: number, to: number): number {
  const tunnels = Array.from({ length: to - from }, (_, i) => makeDelegatedTunnel(from + i));
  const beganMs = monotonicMs();
  for (const tunnel of tunnels) if (plane.set(tunnel) === "full") throw new Error(`the table is full at tunnel ${tunnel.id}`);
  return monotonicMs() - beganMs;
}
