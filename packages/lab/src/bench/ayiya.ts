import { formatIpv6, formatPrefix } from "@tombolo/base";
import type { LabNode } from "../lab/node.ts";
import type { Lab } from "../lab/open-lab.ts";
import type { LabProcess } from "../process/process.ts";
import { findProgramFile } from "../process/program-file.ts";
import { until } from "../wait/until.ts";
import { pair, type Contender, type PairNode } from "./pair.ts";
import { chosenTunnel, poolOf, tunnelEnds, type PlaneEndArguments } from "./plane-tunnels.ts";

export interface AyiyaContender extends Contender {
  /** Resident memory of the PoP's end with its tunnels loaded. */
  readonly farMemoryBytes: number;
  /** The PoP's UDP port. */
  readonly farPort: number;
  /** Packets that the PoP's end has dropped so far, by reason. */
  readonly readFarDrops: () => Promise<Readonly<Record<string, number>>>;
}

/** Our data plane at both ends, signing and checking every packet; `slot` keeps several pairs in one lab apart. */
export async function openAyiya(lab: Lab<PairNode>, wish: { readonly tunnels: number; readonly slot: number }): Promise<AyiyaContender> {
  const near = lab.node("near");
  const far = lab.node("far");
  const common = { popIpv4: pair.farIpv4, port: 5072 + wish.slot, ...wish };
  const popDevice = `pop${wish.slot}`;
  const clientDevice = `cli${wish.slot}`;
  const farAddress = `fd00:a::${wish.slot + 1}`;
  const farEnd = await startEnd(far, { role: "pop", device: popDevice, outerIpv4: pair.farIpv4, ...common });
  await bringUp(far, popDevice);
  // The PoP's inner end answers echo only; what is measured ends at an address behind it, in the kernel's own stack.
  await far.must(["ip", "address", "add", `${farAddress}/128`, "dev", "lo", "nodad"]);
  await far.must(["ip", "route", "add", formatPrefix(poolOf(wish.slot)), "dev", popDevice]);
  await startEnd(near, { role: "client", device: clientDevice, outerIpv4: "0.0.0.0", ...common });
  await bringUp(near, clientDevice);
  const { client } = tunnelEnds(wish.slot, chosenTunnel(wish.tunnels));
  await near.must(["ip", "address", "add", `${formatIpv6(client)}/64`, "dev", clientDevice, "nodad"]);
  await near.must(["ip", "route", "add", `${farAddress}/128`, "dev", clientDevice, "src", formatIpv6(client)]);
  await until(
    `${farAddress} answers through the tunnel`,
    { withinMs: 20_000, explain: () => near.run(["ip", "-6", "route"]).then((r) => r.stdout) },
    async () => {
      return (await near.run(["ping", "-6", "-n", "-c", "1", "-W", "1", farAddress])).status === 0;
    },
  );
  return {
    name: `AYIYA, ${wish.tunnels === 1 ? "one tunnel" : `${wish.tunnels} tunnels`}`,
    near,
    far,
    farAddress,
    farMemoryBytes: farEnd.memoryBytes,
    farPort: common.port,
    readFarDrops: makeDropReader(farEnd.process),
  };
}

async function startEnd(node: LabNode, given: PlaneEndArguments): Promise<{ readonly process: LabProcess; readonly memoryBytes: number }> {
  const program = findProgramFile(import.meta.url, "./plane-end");
  const end = node.start([process.execPath, "--expose-gc", ...program, JSON.stringify(given)]);
  return { process: end, memoryBytes: Number((await end.waitFor(/^ready (\d+)$/m, 60_000))[1]) };
}

/** The end numbers what it tells, so that an old answer is not taken for the new one. */
function makeDropReader(end: LabProcess): () => Promise<Readonly<Record<string, number>>> {
  let asked = 0;
  return async () => {
    asked += 1;
    end.signal("SIGUSR2");
    const [, text] = await end.waitFor(new RegExp(`^drops ${asked} (.*)$`, "m"), 5_000);
    return JSON.parse(text ?? "{}") as Readonly<Record<string, number>>;
  };
}

async function bringUp(node: LabNode, device: string): Promise<void> {
  await node.must(["ip", "link", "set", device, "mtu", String(pair.innerMtuBytes), "up"]);
}
