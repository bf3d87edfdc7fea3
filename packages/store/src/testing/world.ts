import { createHash } from "node:crypto";
import {
  assert,
  makeSeededRandom,
  parseIpv4,
  parseIpv6,
  parsePrefix,
  wallSec,
  type Ipv4Address,
  type Ipv6Address,
  type Ipv6Prefix,
} from "@tombolo/base";
import { makeBroker, type Broker, type BrokerSettings, type Handle, type Sealer, type Store } from "@tombolo/broker";

/** A broker over `store` whose clock stands still until it is told. */
export interface World {
  readonly broker: Broker;
  readonly clock: { nowSec: number };
}

export const startSec = 1_700_000_000;

export interface WorldOptions {
  readonly settings?: Partial<BrokerSettings>;
  /** Two brokers of one database must not make the same keys and tokens. */
  readonly seed?: number;
}

export function makeWorld(store: Store, { settings = {}, seed = 1 }: WorldOptions = {}): World {
  const clock = { nowSec: startSec };
  const broker = makeBroker({
    store,
    sealer: testSealer,
    sha256: (bytes) => createHash("sha256").update(bytes).digest(),
    random: makeSeededRandom(seed),
    clock: { nowSec: () => wallSec(clock.nowSec) },
    settings,
  });
  return { broker, clock };
}

/** Hides nothing, but what was sealed looks other than what was not, and opens for its own purpose only. */
const testSealer: Sealer = {
  seal: (clear, purpose) => `${purpose}:${backwards(clear)}`,
  unseal(sealed, purpose) {
    assert(sealed.startsWith(`${purpose}:`), "sealed for another purpose");
    return backwards(sealed.slice(purpose.length + 1));
  },
};

function backwards(text: string): string {
  return Array.from(text).toReversed().join("");
}

export interface PopWish {
  readonly name?: string;
  readonly tunnelPool?: readonly [prefix: string, lengthBits: number];
  readonly delegationPool?: readonly [prefix: string, lengthBits: number];
}

/** A PoP with a pool of /64s for tunnels and, when told, one for delegations. */
export async function addPop(broker: Broker, { name = "nlams01", tunnelPool, delegationPool }: PopWish = {}): Promise<string> {
  await broker.pops.add({ name, city: "Amsterdam", country: "Netherlands", outerIpv4: ipv4("192.0.2.1") });
  const [prefix, lengthBits] = tunnelPool ?? ["2001:db8:1::/48", 64];
  await broker.pools.add({ pop: name, purpose: "tunnel", prefix: ipv6Prefix(prefix), lengthBits });
  if (delegationPool !== undefined) {
    await broker.pools.add({ pop: name, purpose: "delegation", prefix: ipv6Prefix(delegationPool[0]), lengthBits: delegationPool[1] });
  }
  return name;
}

export async function addAccount(broker: Broker, fullName = "Ann B. Clark"): Promise<Handle> {
  const { account } = await broker.accounts.add({ fullName, email: "ann@example.org" });
  return account.handle;
}

export function ipv4(text: string): Ipv4Address {
  const address = parseIpv4(text);
  assert(address.ok, `${text} is an IPv4 address`);
  return address.value;
}

export function ipv6(text: string): Ipv6Address {
  const address = parseIpv6(text);
  assert(address.ok, `${text} is an IPv6 address`);
  return address.value;
}

export function ipv6Prefix(text: string): Ipv6Prefix {
  const prefix = parsePrefix(text);
  assert(prefix.ok, `${text} is a prefix`);
  return prefix.value;
}
