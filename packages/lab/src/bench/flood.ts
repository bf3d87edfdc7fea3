import { formatIpv6 } from "@tombolo/base";
import type { LabDescription } from "../lab/description.ts";
import { openLab, type Lab } from "../lab/open-lab.ts";
import { findProgramFile } from "../process/program-file.ts";
import { openAyiya, type AyiyaContender } from "./ayiya.ts";
import { median } from "./figures.ts";
import type { FloodWish } from "./flooder-arguments.ts";
import { measureTcp } from "./iperf.ts";
import { describePair, pair, type PairNode } from "./pair.ts";
import { chosenTunnel, tunnelEnds } from "./plane-tunnels.ts";
import { turnsOf, type Say } from "./rounds.ts";

type FloodNode = PairNode | "crowd";

/** More than the other rows have: what is lost is less than what the machine may do besides in one round. */
const rounds = 5;
/** Where nobody listens; to the kernel it is one look-up, as it is for any host on the Internet. */
const deadPort = 9;

/**
 * 20,000 full packets a second are 219 Mbit/s: a rented server sends that without effort, and it is 20 a second from each
 * place, far below what is allowed to a source, so every signature is checked. The tunnel that is named is the one that
 * carries the traffic, and the packets are as large as honest ones, because hashing them costs the most.
 */
const flood = { sources: 1_000, firstSourceIpv4: "198.18.0.1", packetsPerSec: 20_000, packetBytes: pair.innerMtuBytes + 44 } as const;

const aims = ["dead port", "the tunnel"] as const;
type Aim = (typeof aims)[number];

/**
 * Goodput through a tunnel while a crowd sends wrong signatures to it, divided by goodput while the same crowd sends the
 * same packets to a dead port of the same address: the machine's cores pay for the flooder and the cable both times, so the
 * difference is what the PoP does about it. Median of the rounds' ratios.
 */
export async function measureFlood(say: Say): Promise<number> {
  const lab = await openLab(describeCrowd());
  try {
    await lab.node("crowd").must(["ip", "route", "add", "local", "198.18.0.0/22", "dev", "lo"]);
    const ours = await openAyiya(lab, { tunnels: 1, slot: 0 });
    say(`${flood.packetsPerSec} packets a second of ${flood.packetBytes} bytes, from ${flood.sources} places`);
    const alone = await measureThrough(ours);
    say(`no flood ${" ".repeat(24)} ${formatSpeed(alone)}`);
    const ratios: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const speeds = new Map<Aim, number>();
      for (const aim of turnsOf(aims, round)) {
        const { speed, told } = await measureUnder(lab, ours, aim);
        speeds.set(aim, speed);
        say(`round ${round} of ${rounds}  flood at ${aim.padEnd(10)} ${formatSpeed(speed)}  ${told}`);
      }
      ratios.push((speeds.get("the tunnel") ?? Number.NaN) / (speeds.get("dead port") ?? Number.NaN));
    }
    return median(ratios);
  } finally {
    await lab.close();
  }
}

async function measureUnder(
  lab: Lab<FloodNode>,
  ours: AyiyaContender,
  aim: Aim,
): Promise<{ readonly speed: number; readonly told: string }> {
  const wish: FloodWish = {
    ...flood,
    toIpv4: pair.farIpv4,
    toPort: aim === "the tunnel" ? ours.farPort : deadPort,
    identity: formatIpv6(tunnelEnds(0, chosenTunnel(1)).client),
  };
  const dropsBefore = await ours.readFarDrops();
  const flooder = lab.node("crowd").start([process.execPath, ...findProgramFile(import.meta.url, "./flooder"), JSON.stringify(wish)]);
  try {
    await flooder.waitFor(/^flooding$/m, 20_000);
    const speed = await measureThrough(ours);
    flooder.signal("SIGTERM");
    const [, sent, ms, cpuMs] = await flooder.waitFor(/^sent (\d+) (\d+) (\d+)$/m, 5_000);
    const drops = describeDrops(dropsBefore, await ours.readFarDrops());
    return { speed, told: `sent ${describeSent(Number(sent), Number(ms), Number(cpuMs))}; the PoP dropped ${drops}` };
  } finally {
    await flooder.end();
  }
}

function measureThrough(ours: AyiyaContender): Promise<number> {
  return measureTcp({ from: ours.near, to: ours.far, toAddress: ours.farAddress, seconds: 4, warmUpSec: 1 });
}

function formatSpeed(bitsPerSec: number): string {
  return `${(bitsPerSec / 1e9).toFixed(2).padStart(6)} Gbit/s`;
}

export function describeSent(packets: number, ms: number, cpuMs: number): string {
  return `${packets} (${((packets / ms) * 1000).toFixed(0)} a second, with ${((cpuMs / ms) * 100).toFixed(0)} % of a core)`;
}

/** What came to each reason between two looks. */
export function describeDrops(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): string {
  const grown = Object.entries(after).map(([reason, count]) => [reason, count - (before[reason] ?? 0)] as const);
  return (
    grown
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(", ") || "nothing"
  );
}

/** The pair, and a crowd of strangers on a cable of its own to the PoP's machine. */
function describeCrowd(): LabDescription<FloodNode> {
  const { nodes, links } = describePair();
  return {
    nodes: {
      ...nodes,
      // There is no way back to the crowd, so nothing is answered: neither packets to a dead port nor any others.
      far: { ...nodes.far, sysctls: { "ipv4.conf.all.rp_filter": "0", "ipv4.conf.default.rp_filter": "0" } },
      crowd: { about: "floods", routes: [{ to: `${pair.farIpv4}/32`, via: "198.51.100.1" }] },
    },
    links: [
      ...links,
      {
        ends: [
          { node: "far", device: "eth1", addresses: ["198.51.100.1/24"] },
          { node: "crowd", device: "eth0", addresses: ["198.51.100.2/24"] },
        ],
      },
    ],
  };
}
