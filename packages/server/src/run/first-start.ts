import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { formatIpv4, formatPrefix, isIpv4Endpoint, parseIpv4, type Ipv4Address } from "@tombolo/base";
import type { Broker, Pop } from "@tombolo/broker";
import type { Settings } from "../config/settings.ts";
import { StartupError } from "./startup-error.ts";

export interface FirstStart {
  readonly pop: Pop;
  /** One sentence for each thing that was made; empty when all was there. */
  readonly made: readonly string[];
}

/** `serve` on an empty database gets a PoP and two pools, so that the next command can be `account add`. */
export async function ensurePop(broker: Broker, settings: Settings): Promise<FirstStart> {
  const pops = await broker.pops.list();
  const here = pops.find((pop) => pop.name === settings.pop.name);
  if (here !== undefined) return { pop: here, made: [] };
  if (pops.length > 0) {
    const known = pops.map((pop) => pop.name).join(", ");
    throw new StartupError(
      "config",
      `pop.name is ${settings.pop.name}, which the database does not know: choose one of ${known}, or set pop.enabled = false`,
    );
  }
  const outerIpv4 = settings.pop.outerIpv4 ?? (await findOuterIpv4());
  const { pop } = await broker.pops.add({ name: settings.pop.name, city: "Unknown", country: "ZZ", outerIpv4 });
  const { tunnelPool, delegationPool } = settings.start;
  const tunnels = await broker.pools.add({ pop: pop.name, purpose: "tunnel", prefix: tunnelPool, lengthBits: 64 });
  const delegations = await broker.pools.add({ pop: pop.name, purpose: "delegation", prefix: delegationPool, lengthBits: 64 });
  return {
    pop,
    made: [
      `PoP ${pop.name} with outer address ${formatIpv4(outerIpv4)}`,
      `pool ${tunnels.id} ${formatPrefix(tunnelPool)} for tunnels, a /64 each`,
      `pool ${delegations.id} ${formatPrefix(delegationPool)} for delegations, a /64 each`,
    ],
  };
}

/** The address this host would send from, else any that it has. */
async function findOuterIpv4(): Promise<Ipv4Address> {
  for (const text of [await findSendingAddress(), ...listHostAddresses()]) {
    const address = parseIpv4(text);
    if (address.ok && isIpv4Endpoint(address.value)) return address.value;
  }
  throw new StartupError("config", "this host has no IPv4 address that clients could reach: set pop.outer-ipv4");
}

/** Connecting a datagram socket asks the kernel for a route and sends nothing; empty when there is no route. */
async function findSendingAddress(): Promise<string> {
  const socket = createSocket("udp4");
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("error", () => resolve(""));
  // 192.0.2.0/24 is for documentation (RFC 5737), so the default route answers for it.
  socket.connect(9, "192.0.2.1", () => resolve(socket.address().address));
  const address = await promise;
  socket.close();
  return address;
}

function listHostAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ family, internal, address }) => (family === "IPv4" && !internal ? [address] : [])),
  );
}
