import assert from "node:assert/strict";
import { formatIpv6, formatPrefix } from "@tombolo/base";
import type { Tunnel } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv4, ipv6Prefix, startSec } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const pop = "nlams01";

export function testTunnels(openFreshStore: OpenFreshStore): void {
  testAdding(openFreshStore);
  testChanging(openFreshStore);
}

function testAdding(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("a tunnel out of a pool of /64s has ::1 at the PoP, ::2 at the client and a /64 for the LAN", async ({ broker }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    const handle = await addAccount(broker);
    const tunnel = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    assert.deepEqual(addresses(tunnel), ["2001:db8:1::/64", "2001:db8:1::1", "2001:db8:1::2"]);
    assert.deepEqual(tunnel.delegations, [{ id: "R1001", tunnel: "T1001", prefix: ipv6Prefix("2001:db8:8000::/64"), createdAt: startSec }]);
    const { id, encapsulation, userState, adminState, mtuBytes, heartbeatSec, staticEndpoint, endpoint, lastSeenAt } = tunnel;
    assert.deepEqual(
      { id, encapsulation, userState, adminState, mtuBytes, heartbeatSec, staticEndpoint, endpoint, lastSeenAt },
      {
        id: "T1001",
        encapsulation: "ayiya",
        userState: "enabled",
        adminState: "enabled",
        mtuBytes: 1280,
        heartbeatSec: 60,
        staticEndpoint: undefined,
        endpoint: undefined,
        lastSeenAt: undefined,
      },
    );
    assert.deepEqual(await broker.tunnels.get("T1001"), tunnel);
    const second = await broker.tunnels.add({ handle, pop, encapsulation: "heartbeat", mtuBytes: 1480 });
    assert.deepEqual(addresses(second), ["2001:db8:1:1::/64", "2001:db8:1:1::1", "2001:db8:1:1::2"]);
    assert.deepEqual([second.id, second.delegations[0]?.id, second.mtuBytes], ["T1002", "R1002", 1480]);
  });

  test("pairs of /127 start at ::2 and ::3, because ::0 and ::1 of an on-link prefix are taken", async ({ broker }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/125", 127] });
    const handle = await addAccount(broker);
    const one = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    assert.deepEqual(addresses(one), ["2001:db8:1::2/127", "2001:db8:1::2", "2001:db8:1::3"]);
    const two = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    assert.deepEqual(addresses(two), ["2001:db8:1::4/127", "2001:db8:1::4", "2001:db8:1::5"]);
    assert.equal((await broker.pools.get("P1")).free, 1n);
  });

  test("a pool that is one single pair gives just that pair", async ({ broker }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::2/127", 127] });
    const handle = await addAccount(broker);
    assert.deepEqual(addresses(await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" })), [
      "2001:db8:1::2/127",
      "2001:db8:1::2",
      "2001:db8:1::3",
    ]);
    await refuses(broker.tunnels.add({ handle, pop, encapsulation: "ayiya" }), "pool-exhausted");
  });

  test("tunnels of one address share the PoP's end, the pool's first address", async ({ broker }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::40/126", 128] });
    const handle = await addAccount(broker);
    const one = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const two = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    assert.deepEqual(addresses(one), ["2001:db8:1::41/128", "2001:db8:1::40", "2001:db8:1::41"]);
    assert.deepEqual(addresses(two), ["2001:db8:1::42/128", "2001:db8:1::40", "2001:db8:1::42"]);
  });

  test("a delegation pool of longer or shorter prefixes gives no default delegation", async ({ broker }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 48] });
    const handle = await addAccount(broker);
    assert.deepEqual((await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" })).delegations, []);
  });

  test("what can't be a tunnel is refused with its reason and leaves nothing behind", async ({ broker }) => {
    await addPop(broker);
    await broker.pops.add({ name: "deham01", city: "Hamburg", country: "Germany", outerIpv4: ipv4("192.0.2.2") });
    const handle = await addAccount(broker);
    const wish = { handle, pop, encapsulation: "ayiya" } as const;
    await refuses(broker.tunnels.add({ ...wish, handle: "XX1-TMB" }), "account-not-found");
    await refuses(broker.tunnels.add({ ...wish, pop: "usbos01" }), "pop-not-found");
    await refuses(broker.tunnels.add({ ...wish, pop: "deham01" }), "pool-not-found");
    await refuses(broker.tunnels.add({ ...wish, mtuBytes: 1279 }), "mtu-out-of-range");
    await refuses(broker.tunnels.add({ ...wish, mtuBytes: 1481 }), "mtu-out-of-range");
    await refuses(broker.tunnels.add({ ...wish, mtuBytes: 1300.5 }), "mtu-out-of-range");
    await refuses(broker.tunnels.add({ ...wish, encapsulation: "6in4" }), "encapsulation-needs-endpoint");
    await refuses(broker.tunnels.add({ ...wish, encapsulation: "6in4", staticEndpoint: ipv4("224.0.0.1") }), "endpoint-malformed");
    await refuses(broker.tunnels.add({ ...wish, staticEndpoint: ipv4("198.51.100.7") }), "endpoint-malformed");
    assert.deepEqual(await broker.tunnels.list(), []);
    const { used, resting } = await broker.pools.get("P1");
    assert.deepEqual([used, resting], [0, 0]);
  });

  test("its secret is 32 hexadecimal digits that no ordinary read shows", async ({ broker, store }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const tunnel = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const secret = await broker.tunnels.readSecret(tunnel.id);
    assert.match(secret, /^[0-9a-f]{32}$/);
    const shown = JSON.stringify([tunnel, await broker.tunnels.list()], (_, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    );
    assert.ok(!shown.includes(secret));
    assert.notEqual(await store.read(({ tunnels }) => tunnels.findSealedSecret(tunnel.id)), secret);
    const other = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    assert.notEqual(await broker.tunnels.readSecret(other.id), secret);
  });
}

function testChanging(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("another encapsulation never renumbers", async ({ broker }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    const handle = await addAccount(broker);
    const before = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const staticEndpoint = ipv4("198.51.100.7");
    const after = await broker.tunnels.setEncapsulation(before.id, "6in4", staticEndpoint);
    assert.deepEqual(after, { ...before, encapsulation: "6in4", staticEndpoint });
    assert.deepEqual(await broker.tunnels.get(before.id), after);
    const moved = await broker.tunnels.setEncapsulation(before.id, "6in4", ipv4("198.51.100.8"));
    assert.deepEqual(moved.staticEndpoint, ipv4("198.51.100.8"));
    assert.deepEqual(await broker.tunnels.setEncapsulation(before.id, "ayiya"), before);
    assert.deepEqual(await broker.tunnels.get(before.id), before);
    await refuses(broker.tunnels.setEncapsulation(before.id, "6in4"), "encapsulation-needs-endpoint");
  });

  test("the user's and the operator's switch are apart", async ({ broker }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const states = async () => {
      const { userState, adminState } = await broker.tunnels.get(id);
      return [userState, adminState];
    };
    assert.equal((await broker.tunnels.setUserState(id, "disabled")).userState, "disabled");
    assert.deepEqual(await states(), ["disabled", "enabled"]);
    await broker.tunnels.setAdminState(id, "disabled");
    assert.deepEqual(await states(), ["disabled", "disabled"]);
    await broker.tunnels.setUserState(id, "enabled");
    assert.deepEqual(await states(), ["enabled", "disabled"]);
  });

  test("lists are by account, by PoP, or whole, in the order of the numbers", async ({ broker }) => {
    await addPop(broker);
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const ann = await addAccount(broker);
    const bob = await addAccount(broker, "Bob Dunne");
    await broker.tunnels.add({ handle: ann, pop, encapsulation: "ayiya" });
    await broker.tunnels.add({ handle: bob, pop: "deham01", encapsulation: "ayiya" });
    await broker.tunnels.add({ handle: ann, pop: "deham01", encapsulation: "ayiya" });
    const ids = async (filter?: { handle?: string; pop?: string }) => (await broker.tunnels.list(filter)).map((tunnel) => tunnel.id);
    assert.deepEqual(await ids(), ["T1001", "T1002", "T1003"]);
    assert.deepEqual(await ids({ handle: ann.toLowerCase() }), ["T1001", "T1003"]);
    assert.deepEqual(await ids({ pop: "deham01" }), ["T1002", "T1003"]);
    assert.deepEqual(await ids({ handle: ann, pop: "deham01" }), ["T1003"]);
    assert.deepEqual(await ids({ handle: "\u0000" }), []);
    assert.deepEqual(await ids({ pop: "\u0000" }), []);
  });

  test("a removed tunnel is gone with its secret, and its number is never given again", async ({ broker }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    await broker.tunnels.remove(id);
    await refuses(broker.tunnels.get(id), "tunnel-not-found");
    await refuses(broker.tunnels.readSecret(id), "tunnel-not-found");
    await refuses(broker.tunnels.remove(id), "tunnel-not-found");
    await refuses(broker.tunnels.setUserState(id, "enabled"), "tunnel-not-found");
    await refuses(broker.tunnels.get("T1e3"), "tunnel-not-found");
    const next = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    assert.equal(next.id, "T1002");
  });
}

function addresses({ prefix, popAddress, clientAddress }: Tunnel): string[] {
  return [formatPrefix(prefix), formatIpv6(popAddress), formatIpv6(clientAddress)];
}
