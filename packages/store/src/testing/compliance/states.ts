import assert from "node:assert/strict";
import type { StateChange, TunnelOrder } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { openStore } from "../../open-store.ts";
import { addAccount, addPop, ipv4, ipv6Prefix, makeWorld } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const pop = "nlams01";

export function testStates(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings: { changesKept: 100 } });

  test("a snapshot is all that the PoP must know, secrets in the clear", async ({ broker }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const handle = await addAccount(broker);
    const tunnel = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    await broker.tunnels.add({ handle, pop: "deham01", encapsulation: "ayiya" });
    const snapshot = await broker.states.snapshot(pop);
    assert.deepEqual(snapshot, {
      revision: 3,
      pop: await broker.pops.get(pop),
      pools: await broker.pools.list(pop),
      tunnels: [{ tunnel, secret: await broker.tunnels.readSecret(tunnel.id) }],
      removed: [],
    });
    await refuses(broker.states.snapshot("usbos01"), "pop-not-found");
    await refuses(broker.states.changesSince("usbos01", 0), "pop-not-found");
  });

  test("every change to what a PoP must do raises its revision, and only its own", async ({ broker }) => {
    await addPop(broker);
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const other = (await broker.states.snapshot("deham01")).revision;
    const steps: readonly (() => Promise<unknown>)[] = [
      () => broker.tunnels.setUserState(id, "disabled"),
      () => broker.tunnels.setAdminState(id, "disabled"),
      () => broker.tunnels.setEncapsulation(id, "6in4", ipv4("198.51.100.7")),
      () => broker.tunnels.setEncapsulation(id, "6in4", ipv4("198.51.100.8")),
      () => broker.accounts.setState(handle, "disabled"),
      () => broker.pools.add({ pop, purpose: "delegation", prefix: ipv6Prefix("2001:db8:3::/48"), lengthBits: 64 }),
      () => broker.pops.setState(pop, "down", "repair"),
      () => broker.tunnels.remove(id),
    ];
    for (const step of steps) {
      const { revision } = await broker.states.snapshot(pop);
      await step();
      assert.equal((await broker.states.snapshot(pop)).revision, revision + 1, step.toString());
    }
    assert.equal((await broker.states.snapshot("deham01")).revision, other);
  });

  test("what changes nothing raises nothing", async ({ broker }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const { revision } = await broker.states.snapshot(pop);
    await broker.tunnels.setUserState(id, "enabled");
    await broker.tunnels.setEncapsulation(id, "ayiya");
    await broker.accounts.setState(handle, "enabled");
    await refuses(broker.tunnels.add({ handle, pop, encapsulation: "6in4" }), "encapsulation-needs-endpoint");
    assert.equal(await broker.states.changesSince(pop, revision), undefined);
  });

  test("changes hold each tunnel once, as it is now, and those that went", async ({ broker }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const a = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const { revision } = await broker.states.snapshot(pop);
    const b = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    await broker.tunnels.setUserState(b.id, "disabled");
    await broker.tunnels.setUserState(b.id, "enabled");
    const brief = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    await broker.tunnels.remove(brief.id);
    await broker.tunnels.remove(a.id);
    const changes = await broker.states.changesSince(pop, revision);
    assert.ok(typeof changes === "object");
    assert.deepEqual(
      changes.tunnels.map((order) => order.tunnel),
      [b],
    );
    assert.deepEqual([changes.removed, changes.revision], [[a.id, brief.id], revision + 6]);
    assert.equal(await broker.states.changesSince(pop, changes.revision), undefined);
  });

  test("a disabled account's tunnels reach their PoPs as disabled, and come back as they were", async ({ broker }) => {
    await addPop(broker);
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const handle = await addAccount(broker);
    await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    await broker.tunnels.add({ handle, pop: "deham01", encapsulation: "ayiya" });
    const states = async (state: "enabled" | "disabled") => {
      const before = await Promise.all([pop, "deham01"].map((name) => broker.states.snapshot(name)));
      await broker.accounts.setState(handle, state);
      const after = await Promise.all(before.map(({ pop: { name }, revision }) => broker.states.changesSince(name, revision)));
      return after.flatMap((change) => (typeof change === "object" ? change.tunnels.map((order) => order.tunnel.adminState) : [change]));
    };
    assert.deepEqual(await states("disabled"), ["disabled", "disabled"]);
    assert.deepEqual(await states("enabled"), ["enabled", "enabled"]);
  });

  test("a PoP that is too far behind, ahead or confused must take a snapshot", async ({ broker }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const early = await broker.states.snapshot(pop);
    for (let i = 0; i < 200; i += 1) await broker.tunnels.setUserState(id, i % 2 === 0 ? "disabled" : "enabled");
    const { revision } = await broker.states.snapshot(pop);
    for (const since of [early.revision, 0, -1, revision + 1, 0.5, Number.NaN]) {
      assert.equal(await broker.states.changesSince(pop, since), "too-old", String(since));
    }
    const near = await broker.states.changesSince(pop, revision - 90);
    assert.ok(typeof near === "object" && near.tunnels.length === 1);
  });

  test("all reads of one transaction see one moment, whatever others commit meanwhile", async ({ broker, store, url }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const other = await openStore({ url });
    try {
      const { broker: elsewhere } = makeWorld(other, { seed: 2 });
      await store.read(async ({ revisions, tunnels }) => {
        const before = await revisions.find(pop);
        await elsewhere.tunnels.add({ handle, pop, encapsulation: "ayiya" });
        assert.deepEqual(await tunnels.listTasks(pop), []);
        assert.deepEqual(await revisions.find(pop), before);
      });
      assert.equal((await broker.states.snapshot(pop)).tunnels.length, 1);
    } finally {
      await other.close();
    }
  });

  test("snapshot and changes taken while others write always add up to the truth", async ({ broker }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const writers = Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
        if (i % 3 === 0) await broker.tunnels.remove(id);
        else await broker.tunnels.setUserState(id, "disabled");
      }),
    );
    const first = await broker.states.snapshot(pop);
    const held = new Map(first.tunnels.map((order) => [order.tunnel.id, order]));
    let { revision } = first;
    const follow = (change: StateChange | "too-old" | undefined): void => {
      assert.notEqual(change, "too-old");
      if (typeof change !== "object") return;
      assert.ok(change.revision > revision);
      ({ revision } = change);
      for (const order of change.tunnels) held.set(order.tunnel.id, order);
      for (const id of change.removed) held.delete(id);
    };
    for (let i = 0; i < 10; i += 1) follow(await broker.states.changesSince(pop, revision));
    await writers;
    follow(await broker.states.changesSince(pop, revision));
    const truth = await broker.states.snapshot(pop);
    assert.equal(truth.revision, revision);
    const byId = (orders: Iterable<TunnelOrder>) => [...orders].toSorted((a, b) => (a.tunnel.id < b.tunnel.id ? -1 : 1));
    assert.deepEqual(byId(held.values()), byId(truth.tunnels));
    assert.equal(truth.tunnels.length, 16);
  });
}
