// A program: one end of many live tunnels that are pinged. Argument: ProbeEndArguments as JSON. The end that answers prints `ready` and
// answers until SIGTERM. The end that asks prints `probed CPUMS IDLEMS ASKED ANSWERED`: the CPU time of its whole process while it asked,
// what the process took when idle for as long, and how many pings were answered.
import { setTimeout as sleep } from "node:timers/promises";
import { parseIpv4, type Ipv4Address } from "@tombolo/base";
import { openUserspacePlane } from "@tombolo/dataplane";
import { monotonicMs } from "../wait/clocks.ts";
import { collectGarbage } from "./garbage.ts";
import { makePopTunnel } from "./plane-tunnels.ts";
import type { ProbeEndArguments } from "./probe-end-arguments.ts";

const given = JSON.parse(process.argv[2] ?? "") as ProbeEndArguments;
/** What loading left to do, for the collector and the compiler, is over by then. */
const settleMs = 2_000;
const idleMs = 4_000;
/** All answers are here by then; the agent gives them ten seconds and more. */
const patienceMs = 1_500;
const plane = await openUserspacePlane(
  {
    role: "pop",
    device: "probe0",
    outerIpv4: ipv4(given.ownIpv4),
    ayiyaPort: given.port,
    udpPort: undefined,
    proto41: false,
    workers: 1,
    capacity: given.tunnels,
  },
  (event) => {
    if (event.kind === "worker-failed") process.stderr.write(`${event.message}\n`);
  },
);
loadTunnels();
if (given.role === "asks") {
  await measure();
  await plane.close();
} else {
  process.once("SIGTERM", () => void plane.close());
  process.stdout.write("ready\n");
}

/** Every tunnel is live: its other end is known, and never asked who it is. */
function loadTunnels(): void {
  const endpoint = { ipv4: ipv4(given.peerIpv4), port: given.port };
  for (let index = 0; index < given.tunnels; index += 1) {
    const tunnel = makePopTunnel(0, index);
    // The other end is a PoP's data plane too, with the ends changed over: its worker answers, no kernel behind it.
    const { localAddress: remoteAddress, remoteAddress: localAddress } = tunnel;
    const ends = given.role === "asks" ? {} : { localAddress, remoteAddress };
    plane.set({ ...tunnel, ...ends, endpoint, endpointFixed: true });
  }
}

async function measure(): Promise<void> {
  collectGarbage();
  await sleep(settleMs);
  const idle = await measureCpu(() => sleep(idleMs));
  const tally = { asked: 0, answered: 0 };
  const busy = await measureCpu(async () => {
    for (let round = 0; round < given.rounds; round += 1) await askRound(tally);
  });
  const idleShare = (idle.cpuMs / idle.ms) * busy.ms;
  process.stdout.write(`probed ${busy.cpuMs.toFixed(1)} ${idleShare.toFixed(1)} ${tally.asked} ${tally.answered}\n`);
}

async function askRound(tally: { asked: number; answered: number }): Promise<void> {
  const reads: Promise<void>[] = [];
  for (let part = 0; part < given.parts; part += 1) {
    const ids = idsOf(part);
    plane.pingMany(ids);
    reads.push(sleep(patienceMs).then(() => read(ids, tally)));
    await sleep(given.partMs);
  }
  await Promise.all(reads);
}

function idsOf(part: number): readonly number[] {
  const from = Math.floor((part * given.tunnels) / given.parts);
  const to = Math.floor(((part + 1) * given.tunnels) / given.parts);
  return Array.from({ length: to - from }, (_, i) => from + i + 1);
}

function read(ids: readonly number[], tally: { asked: number; answered: number }): void {
  for (const id of ids) {
    const latency = plane.latency(id);
    tally.asked += 1;
    tally.answered += latency?.received ?? 0;
  }
}

/** User and system time of all threads of this process. */
async function measureCpu(work: () => Promise<unknown>): Promise<{ readonly cpuMs: number; readonly ms: number }> {
  const beganMs = monotonicMs();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, ms: monotonicMs() - beganMs };
}

function ipv4(text: string): Ipv4Address {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(`${text} is ${parsed.reason}`);
  return parsed.value;
}
