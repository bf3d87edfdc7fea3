import assert from "node:assert/strict";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv4, ipv6Prefix, startSec } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

export function testPools(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("a pool tells what is used, what rests and what is free", async ({ broker, clock }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/60", 64] });
    const handle = await addAccount(broker);
    const add = () => broker.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" });
    const { id } = await add();
    await add();
    await add();
    await broker.tunnels.remove(id);
    const pool = await broker.pools.get("P1");
    assert.deepEqual(pool, {
      id: "P1",
      pop: "nlams01",
      purpose: "tunnel",
      prefix: ipv6Prefix("2001:db8:1::/60"),
      lengthBits: 64,
      createdAt: startSec,
      used: 2,
      resting: 1,
      free: 13n,
    });
    clock.nowSec += 30 * 86_400;
    const { resting, free } = await broker.pools.get("P1");
    assert.deepEqual([resting, free], [0, 14n], "what has rested is free again");
  });

  test("a pool wider than any number counts exactly", async ({ broker }) => {
    await addPop(broker, { tunnelPool: ["2001:db8::/32", 127] });
    assert.equal((await broker.pools.get("P1")).free, (1n << 95n) - 1n);
    const handle = await addAccount(broker);
    await broker.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" });
    assert.equal((await broker.pools.get("P1")).free, (1n << 95n) - 2n);
  });

  test("a pool gives one of its purpose's lengths, and at least one must fit", async ({ broker }) => {
    await addPop(broker);
    const add = (purpose: "tunnel" | "delegation", prefix: string, lengthBits: number) =>
      broker.pools.add({ pop: "nlams01", purpose, prefix: ipv6Prefix(prefix), lengthBits });
    await refuses(add("tunnel", "2001:db8:2::/48", 56), "pool-length");
    await refuses(add("delegation", "2001:db8:2::/48", 127), "pool-length");
    await refuses(add("delegation", "2001:db8:2::/64", 48), "pool-length");
    await refuses(add("delegation", "2001:db8:2::/48", Number.NaN), "pool-length");
    await refuses(add("tunnel", "2001:db8:2::1/128", 128), "pool-length");
    await refuses(broker.pools.get("P9"), "pool-not-found");
    await refuses(broker.pools.get("Pnine" as "P9"), "pool-not-found");
    await refuses(broker.pools.list("deham01"), "pop-not-found");
    assert.equal((await broker.pools.list("nlams01")).length, 1);
  });

  test("pools never overlap, whatever their PoP and purpose", async ({ broker }) => {
    await addPop(broker);
    await broker.pops.add({ name: "deham01", city: "Hamburg", country: "Germany", outerIpv4: ipv4("192.0.2.2") });
    const add = (pop: string, purpose: "tunnel" | "delegation", prefix: string) =>
      broker.pools.add({ pop, purpose, prefix: ipv6Prefix(prefix), lengthBits: 64 });
    await refuses(add("nlams01", "tunnel", "2001:db8:1::/48"), "pool-overlaps");
    await refuses(add("deham01", "delegation", "2001:db8:1:8000::/49"), "pool-overlaps");
    await refuses(add("deham01", "tunnel", "2001:db8::/32"), "pool-overlaps");
    await add("deham01", "delegation", "2001:db8:2::/48");
    assert.equal((await broker.pools.list()).length, 2);
  });

  test("of pools that overlap and are added at once exactly one gets in", async ({ broker }) => {
    const names = ["nlams01", "deham01", "iedub01", "fihel01", "ausyd01"];
    for (const name of names) await broker.pops.add({ name, city: "City", country: "Country", outerIpv4: ipv4("192.0.2.1") });
    const prefixes = ["2001:db8::/32", "2001:db8:1::/48", "2001:db8::/33", "2001:db8:0:4::/62", "2001:db8:1:1::/64"];
    const added = await Promise.allSettled(
      names.map((pop, i) =>
        broker.pools.add({ pop, purpose: i % 2 === 0 ? "tunnel" : "delegation", prefix: ipv6Prefix(prefixes[i] ?? ""), lengthBits: 64 }),
      ),
    );
    const refused = added.filter((result) => result.status === "rejected");
    for (const { reason } of refused) assert.equal((reason as { code?: string }).code, "pool-overlaps");
    const pools = await broker.pools.list();
    assert.equal(pools.length, 5 - refused.length);
    assert.ok(!pools.some((pool) => pool.prefix.lengthBits === 32) || pools.length === 1);
  });

  test("no pool lies where no tunnel may be", async ({ broker }) => {
    await addPop(broker);
    for (const prefix of ["::/0", "::/48", "fe80::/48", "ff02::/48", "fec0::/48", "64:ff9b::/48"]) {
      const wish = { pop: "nlams01", purpose: "delegation" as const, prefix: ipv6Prefix(prefix), lengthBits: 64 };
      await refuses(broker.pools.add(wish), "pool-overlaps");
    }
  });
}
