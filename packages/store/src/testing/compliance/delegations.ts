import assert from "node:assert/strict";
import { formatPrefix, wallSec } from "@tombolo/base";
import type { Broker, Tunnel } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv6, ipv6Prefix, startSec } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const pop = "nlams01";
const restSec = 1_000;

/** A PoP with pools of /64s, /56s and, of just two, /48s; and a tunnel there. */
async function furnish(broker: Broker): Promise<Tunnel> {
  await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
  await broker.pools.add({ pop, purpose: "delegation", prefix: ipv6Prefix("2001:db8:9000::/47"), lengthBits: 48 });
  await broker.pools.add({ pop, purpose: "delegation", prefix: ipv6Prefix("2001:db8:a000::/48"), lengthBits: 56 });
  return broker.tunnels.add({ handle: await addAccount(broker), pop, encapsulation: "ayiya" });
}

export function testDelegations(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings: { quarantineSec: restSec, delegationsPerTunnel: 3 } });

  test("a tunnel gets a /48 beside its /64, and its PoP learns of it", async ({ broker }) => {
    const tunnel = await furnish(broker);
    const { revision } = await broker.states.snapshot(pop);
    const given = await broker.delegations.add({ tunnel: tunnel.id, lengthBits: 48 });
    assert.deepEqual(given, { id: "R1002", tunnel: tunnel.id, prefix: ipv6Prefix("2001:db8:9000::/48"), createdAt: startSec });
    assert.deepEqual(await broker.delegations.get("R1002"), given);
    assert.deepEqual(await broker.delegations.list({ tunnel: tunnel.id }), [...tunnel.delegations, given]);
    const change = await broker.states.changesSince(pop, revision);
    assert.ok(typeof change === "object");
    assert.deepEqual(
      change.tunnels.map((order) => order.tunnel.delegations.map(({ prefix }) => formatPrefix(prefix))),
      [["2001:db8:8000::/64", "2001:db8:9000::/48"]],
    );
    assert.equal((await broker.tunnels.findHolder(ipv6("2001:db8:9000:77::1"), wallSec(startSec)))?.tunnel, tunnel.id);
  });

  test("a delegation that was given back rests, and the PoP routes it no more", async ({ broker, clock }) => {
    const tunnel = await furnish(broker);
    const { id } = await broker.delegations.add({ tunnel: tunnel.id, lengthBits: 48 });
    const other = await broker.delegations.add({ tunnel: tunnel.id, lengthBits: 48 });
    const { revision } = await broker.states.snapshot(pop);
    clock.nowSec += 10;
    await broker.delegations.remove(id);
    await refuses(broker.delegations.remove(id), "delegation-not-found");
    await refuses(broker.delegations.get(id), "delegation-not-found");
    assert.equal((await broker.states.snapshot(pop)).revision, revision + 1);
    assert.deepEqual((await broker.tunnels.get(tunnel.id)).delegations, [...tunnel.delegations, other]);
    await refuses(broker.delegations.add({ tunnel: tunnel.id, lengthBits: 48 }), "pool-exhausted");
    clock.nowSec += restSec;
    const again = await broker.delegations.add({ tunnel: tunnel.id, lengthBits: 48 });
    assert.deepEqual([again.id, formatPrefix(again.prefix)], ["R1004", "2001:db8:9000::/48"]);
    assert.equal((await broker.tunnels.findHolder(ipv6("2001:db8:9000::1"), wallSec(startSec + 5)))?.until, startSec + 10);
  });

  test("what the PoP's pools do not give is refused, and so is more than a tunnel may hold", async ({ broker }) => {
    const { id, handle } = await furnish(broker);
    await refuses(broker.delegations.add({ tunnel: id, lengthBits: 60 }), "delegation-length");
    await refuses(broker.delegations.add({ tunnel: id, lengthBits: Number.NaN }), "delegation-length");
    await refuses(broker.delegations.add({ tunnel: "T9", lengthBits: 48 }), "tunnel-not-found");
    await refuses(broker.delegations.get("Rx" as "R1"), "delegation-not-found");
    for (const lengthBits of [56, 48]) await broker.delegations.add({ tunnel: id, lengthBits });
    await refuses(broker.delegations.add({ tunnel: id, lengthBits: 48 }), "delegations-full");
    assert.equal((await broker.delegations.list({ handle: handle.toLowerCase() })).length, 3);
    assert.deepEqual(await broker.delegations.list({ handle: "XX1-TMB" }), []);
    await broker.accounts.setState(handle, "disabled");
    await refuses(broker.delegations.add({ tunnel: id, lengthBits: 48 }), "account-disabled");
  });

  test("delegations asked for at once by two tunnels never meet", async ({ broker }) => {
    const first = await furnish(broker);
    const second = await broker.tunnels.add({ handle: first.handle, pop, encapsulation: "ayiya" });
    const ask = (tunnel: Tunnel) => broker.delegations.add({ tunnel: tunnel.id, lengthBits: 48 });
    const results = await Promise.allSettled([ask(first), ask(second), ask(first), ask(second)]);
    const given = results.flatMap((result) => (result.status === "fulfilled" ? [formatPrefix(result.value.prefix)] : []));
    assert.deepEqual(given.toSorted(), ["2001:db8:9000::/48", "2001:db8:9001::/48"]);
  });

  test("a pool goes only when nothing of it is held or rests, and its history stays", async ({ broker, clock }) => {
    const { id } = await furnish(broker);
    const { revision } = await broker.states.snapshot(pop);
    await broker.pools.remove("P4");
    assert.equal((await broker.states.snapshot(pop)).revision, revision + 1);
    await refuses(broker.pools.remove("P4"), "pool-not-found");
    await refuses(broker.delegations.add({ tunnel: id, lengthBits: 56 }), "delegation-length");
    const given = await broker.delegations.add({ tunnel: id, lengthBits: 48 });
    await refuses(broker.pools.remove("P3"), "pool-in-use");
    await broker.delegations.remove(given.id);
    await refuses(broker.pools.remove("P3"), "pool-in-use");
    clock.nowSec += restSec;
    await broker.pools.remove("P3");
    assert.deepEqual(
      (await broker.pools.list()).map((pool) => pool.id),
      ["P1", "P2"],
    );
    assert.equal((await broker.tunnels.findHolder(ipv6("2001:db8:9000::1"), wallSec(startSec)))?.tunnel, id);
  });

  test("the prefix of a pool that went may come back as another, and gives what the first gave", async ({ broker, clock }) => {
    const { id } = await furnish(broker);
    const before = await broker.delegations.add({ tunnel: id, lengthBits: 48 });
    await broker.delegations.remove(before.id);
    clock.nowSec += restSec;
    await broker.pools.remove("P3");
    const pool = await broker.pools.add({ pop, purpose: "delegation", prefix: ipv6Prefix("2001:db8:9000::/47"), lengthBits: 48 });
    assert.equal(pool.id, "P5");
    assert.deepEqual((await broker.delegations.add({ tunnel: id, lengthBits: 48 })).prefix, before.prefix);
  });
}
