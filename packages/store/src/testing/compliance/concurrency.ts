import assert from "node:assert/strict";
import { test as plainTest } from "node:test";
import { formatPrefix } from "@tombolo/base";
import type { Broker } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { openEngine, openStore, parseStoreUrl } from "../../open-store.ts";
import { startProgram } from "../programs/child.ts";
import { addAccount, addPop, ipv4, makeWorld } from "../world.ts";
import { inWorld } from "./in-world.ts";

const pop = "nlams01";

export function testConcurrency(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("200 tunnels asked for at once get 200 prefixes and 200 delegations", async ({ broker }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    const handle = await addAccount(broker);
    const tunnels = await Promise.all(Array.from({ length: 200 }, () => broker.tunnels.add({ handle, pop, encapsulation: "ayiya" })));
    const prefixes = tunnels.flatMap((tunnel) => [tunnel.prefix, ...tunnel.delegations.map((delegation) => delegation.prefix)]);
    assert.equal(prefixes.length, 400);
    assert.equal(new Set(prefixes.map(formatPrefix)).size, 400);
    assert.equal((await broker.pools.get("P1")).free, 65_536n - 200n, "and none was lost on the way");
  });

  test("200 at once out of 63 get exactly 63, and the others hear why", async ({ broker }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/121", 127] });
    const handle = await addAccount(broker);
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, () => broker.tunnels.add({ handle, pop, encapsulation: "ayiya" })),
    );
    const codes = results.flatMap((result) => (result.status === "rejected" ? [(result.reason as { code?: string }).code] : []));
    assert.deepEqual([codes.length, new Set(codes)], [200 - 63, new Set(["pool-exhausted"])]);
    assert.equal((await broker.tunnels.list()).length, 63);
  });

  test("three processes and two connections on one database give no prefix twice", async ({ broker, url }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    const handle = await addAccount(broker);
    const other = await openStore({ url });
    try {
      const second = makeWorld(other, { seed: 2 }).broker;
      const give = async (from: Broker): Promise<string[]> => {
        const added = Array.from({ length: 40 }, () => from.tunnels.add({ handle, pop, encapsulation: "ayiya" }));
        const tunnels = await Promise.all(added);
        return tunnels.flatMap((tunnel) => [tunnel.prefix, ...tunnel.delegations.map((delegation) => delegation.prefix)]).map(formatPrefix);
      };
      const run = async (seed: string): Promise<string[]> => {
        const child = startProgram("allocate", [url, handle, pop, "40", seed]);
        const lines: string[] = [];
        for await (const line of child.lines) lines.push(line);
        assert.equal(await child.ended, 0);
        return lines;
      };
      const given = (await Promise.all([give(broker), give(second), run("3"), run("4"), run("5")])).flat();
      assert.equal(given.length, 400);
      assert.equal(new Set(given).size, 400);
      assert.equal((await broker.tunnels.list()).length, 200);
    } finally {
      await other.close();
    }
  });

  test("many tunnels made, changed and removed at once leave the pools in balance", async ({ broker }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const [ann, bob] = [await addAccount(broker), await addAccount(broker, "Bob Dunne")];
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const handle = i % 2 === 0 ? ann : bob;
        const { id } = await broker.tunnels.add({ handle, pop: i % 3 === 0 ? pop : "deham01", encapsulation: "ayiya" });
        if (i % 10 === 0) await broker.accounts.setState(bob, "enabled");
        await broker.tunnels.setEncapsulation(id, "6in4", ipv4("198.51.100.7"));
        if (i % 2 === 0) await broker.tunnels.remove(id);
        else await broker.tunnels.setUserState(id, "disabled");
      }),
    );
    const counts = await Promise.all(["P1", "P2", "P3"].map((id) => broker.pools.get(id as "P1")));
    assert.deepEqual(
      counts.map(({ used, resting }) => [used, resting]),
      [
        [10, 10],
        [10, 10],
        [20, 20],
      ],
    );
  });

  plainTest("that a prefix is held once is a constraint, whatever the code believes", async () => {
    const fresh = await openFreshStore();
    const url = parseStoreUrl(fresh.url);
    assert.ok(url.ok);
    const engine = openEngine(url.value, 1);
    try {
      const { broker } = makeWorld(fresh.store);
      await addPop(broker);
      const handle = await addAccount(broker);
      await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
      const gone = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
      await broker.tunnels.remove(gone.id);
      for (const wrong of [0, 1]) {
        await engine.db.updateTable("pool").set({ next_position: wrong }).execute();
        await assert.rejects(broker.tunnels.add({ handle, pop, encapsulation: "ayiya" }), /unique/i, "held or resting");
      }
      assert.equal((await broker.tunnels.list()).length, 1);
    } finally {
      await engine.close();
      await fresh.drop();
    }
  });
}
