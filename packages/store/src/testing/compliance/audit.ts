import assert from "node:assert/strict";
import { test as plainTest } from "node:test";
import { openEngine, parseStoreUrl } from "../../open-store.ts";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv4 } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const pop = "nlams01";

export function testAudit(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("whatever is done leaves its line, in its order and without secrets", async ({ broker, store }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    const { account, accessKey } = await broker.accounts.add({ fullName: "Ann B. Clark", email: "ann@example.org" });
    const { handle } = account;
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const secret = await broker.tunnels.readSecret(id);
    const added = await broker.accounts.addKey({ handle, tunnel: id, label: "router" });
    await broker.tunnels.setEncapsulation(id, "6in4", ipv4("198.51.100.7"));
    await broker.tunnels.setAdminState(id, "disabled");
    await broker.tunnels.remove(id);
    const lines = (await store.read(({ audit }) => audit.list(100))).toReversed();
    assert.deepEqual(
      lines.map((line) => [line.event, line.detail]),
      [
        ["pop.added", "192.0.2.1"],
        ["pool.added", "P1 tunnel 2001:db8:1::/48 in /64"],
        ["pool.added", "P2 delegation 2001:db8:8000::/40 in /64"],
        ["account.added", "Ann B. Clark"],
        ["key.added", "first key"],
        ["tunnel.added", "ayiya"],
        ["prefix.given", "2001:db8:1::/64"],
        ["prefix.given", "2001:db8:8000::/64 as R1001"],
        ["key.added", "router"],
        ["tunnel.encapsulation", "ayiya to 6in4"],
        ["tunnel.state", "admin disabled"],
        ["tunnel.removed", "6in4"],
        ["prefix.returned", "2001:db8:1::/64"],
        ["prefix.returned", "2001:db8:8000::/64"],
      ],
    );
    for (const line of lines.slice(5)) assert.deepEqual([line.handle, line.tunnel], [handle, id]);
    const text = JSON.stringify(lines);
    for (const hidden of [accessKey, added.accessKey, secret]) assert.ok(!text.includes(hidden));
  });

  test("what was refused leaves no line", async ({ broker, store }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/64", 64], delegationPool: ["2001:db8:2::/64", 64] });
    const handle = await addAccount(broker);
    await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const before = await store.read(({ audit }) => audit.list(100));
    await refuses(broker.tunnels.add({ handle, pop, encapsulation: "ayiya" }), "pool-exhausted");
    assert.deepEqual(await store.read(({ audit }) => audit.list(100)), before);
  });

  plainTest("the database itself refuses to change or to lose a line", async () => {
    const fresh = await openFreshStore();
    const url = parseStoreUrl(fresh.url);
    assert.ok(url.ok);
    const engine = openEngine(url.value, 1);
    try {
      await fresh.store.write(({ audit }) => audit.add({ at: 1 as never, event: "pop.added", detail: "x" }));
      await assert.rejects(engine.db.updateTable("audit").set({ detail: "y" }).execute(), /never changed/);
      await assert.rejects(engine.db.deleteFrom("audit").execute(), /never changed/);
      assert.equal((await fresh.store.read(({ audit }) => audit.list(9))).length, 1);
    } finally {
      await engine.close();
      await fresh.drop();
    }
  });
}
