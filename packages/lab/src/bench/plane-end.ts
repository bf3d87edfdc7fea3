// A program: one end of a tunnel, which is the data plane and nothing else. Argument: PlaneEndArguments as JSON. Prints
// `ready BYTES` (resident memory with every tunnel loaded) and carries packets until it gets SIGTERM. At the n-th SIGUSR2 it prints
// `drops N JSON`: what it dropped so far, by reason.
import { parseIpv4, type Ipv4Address } from "@tombolo/base";
import { openUserspacePlane } from "@tombolo/dataplane";
import { collectGarbage } from "./garbage.ts";
import { chosenTunnel, makeClientTunnel, makePopTunnel, type PlaneEndArguments } from "./plane-tunnels.ts";

const given = JSON.parse(process.argv[2] ?? "") as PlaneEndArguments;
const plane = await openUserspacePlane(
  {
    role: given.role,
    device: given.device,
    outerIpv4: ipv4(given.outerIpv4),
    ayiyaPort: given.role === "pop" ? given.port : 0,
    udpPort: undefined,
    proto41: false,
    workers: 1,
    capacity: 131_072,
  },
  (event) => {
    if (event.kind === "worker-failed") process.stderr.write(`${event.message}\n`);
  },
);
if (given.role === "client") {
  const index = chosenTunnel(given.tunnels);
  plane.set(makeClientTunnel(given.slot, index, ipv4(given.popIpv4), given.port));
  plane.check(index + 1);
} else {
  for (let index = 0; index < given.tunnels; index += 1) {
    if (plane.set(makePopTunnel(given.slot, index)) === "full") throw new Error(`the table is full at ${index}`);
    // What making the tunnels leaves for the collector is not what they cost, and pages once touched stay resident.
    if (index % 4_096 === 0) collectGarbage();
  }
}
collectGarbage();
let asked = 0;
process.on("SIGUSR2", () => {
  asked += 1;
  process.stdout.write(`drops ${asked} ${JSON.stringify(plane.totals().drops)}\n`);
});
process.stdout.write(`ready ${process.memoryUsage.rss()}\n`);
process.once("SIGTERM", () => void plane.close());

function ipv4(text: string): Ipv4Address {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(`${text} is ${parsed.reason}`);
  return parsed.value;
}
