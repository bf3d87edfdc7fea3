import { once } from "node:events";
import { formatIpv6 } from "@tombolo/base";
import { openUserspacePlane, type UserspacePlane } from "../drivers/userspace.ts";
import type { PlaneEvent, PlaneTunnel } from "../plane/plane.ts";
import { island } from "./bench.ts";
import { ip4, prefix6 } from "./inner-packets.ts";
import { exchangeStream } from "./transfer.ts";
import { benchTunnel, endsOf } from "./tunnels.ts";
import { ip } from "./userspace-bench.ts";
import { waitFor } from "./waiting.ts";

/*
 * A program: the client of plane-to-plane.slow.test.ts, in a network namespace of its own. It is told what to do, and answers, by
 * messages of its parent.
 */
export interface ClientOrder {
  readonly encapsulation: PlaneTunnel["encapsulation"];
  readonly workers: number;
  readonly deviceMtuBytes: number;
  readonly streams: number;
  readonly bytesEach: number;
}

export interface ClientReport {
  /** Undefined when all went well. */
  readonly error: string | undefined;
  readonly wholeStreams: number;
  readonly answered: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly inBytes: number;
  readonly outBytes: number;
}

export const outer = { pop: "10.9.0.1", client: "10.9.0.2", clientLink: "veth-client", ayiyaPort: 5072, udpPort: 3653 } as const;

const device = "tmbl-client";
const ends = endsOf(1);

async function openClient(order: ClientOrder, events: PlaneEvent[]): Promise<UserspacePlane> {
  const plane = await openUserspacePlane(
    {
      role: "client",
      device,
      outerIpv4: ip4("0.0.0.0"),
      ayiyaPort: 0,
      udpPort: outer.udpPort,
      proto41: true,
      workers: order.workers,
      capacity: 4,
    },
    (event) => events.push(event),
  );
  ip(`link set ${device} mtu ${order.deviceMtuBytes} up`);
  ip(`-6 addr add ${formatIpv6(ends.client)}/64 dev ${device} nodad`);
  ip(`-6 route add default dev ${device}`);
  plane.set(
    benchTunnel(1, {
      encapsulation: order.encapsulation,
      localAddress: ends.client,
      remoteAddress: ends.pop,
      prefixes: [prefix6("::/0")],
      endpoint: { ipv4: ip4(outer.pop), port: { ayiya: outer.ayiyaPort, udp: outer.udpPort, "6in4": 0 }[order.encapsulation] },
      endpointFixed: true,
      beatSec: 60,
    }),
  );
  return plane;
}

async function obey(order: ClientOrder): Promise<ClientReport> {
  const events: PlaneEvent[] = [];
  const plane = await openClient(order, events);
  try {
    plane.check(1);
    await waitFor("the PoP answers the check", () => events.find((event) => event.kind === "answered"));
    process.send?.("connected");
    await once(process, "message");
    const streams = Array.from({ length: order.streams }, () => exchangeStream(formatIpv6(island.host), island.hostPort, order.bytesEach));
    const whole = (await Promise.all(streams)).filter(Boolean).length;
    const counters = plane.counters(1);
    return {
      error: undefined,
      wholeStreams: whole,
      answered: events.filter((event) => event.kind === "answered").length,
      drops: Object.fromEntries(plane.drops(1).map((record) => [record.reason, record.count])),
      inBytes: counters?.inBytes ?? 0,
      outBytes: counters?.outBytes ?? 0,
    };
  } finally {
    await plane.close();
  }
}

function failed(error: unknown): ClientReport {
  return { error: String(error), wholeStreams: 0, answered: 0, drops: {}, inBytes: 0, outBytes: 0 };
}

/** The parent has moved our end of the cable here. */
function plugIn(): void {
  ip(`addr add ${outer.client}/24 dev ${outer.clientLink}`);
  ip(`link set ${outer.clientLink} up`);
}

if (process.send !== undefined) {
  ip("link set lo up");
  process.once("message", plugIn);
  process.send("ready");
  process.on("message", (order: ClientOrder | string) => {
    if (typeof order === "string") return;
    void obey(order)
      .catch(failed)
      .then((report) => process.send?.(report));
  });
  // Without its parent it has nothing to do.
  process.on("disconnect", () => process.exit(0));
}
