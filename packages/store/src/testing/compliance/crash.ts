import assert from "node:assert/strict";
import { openStore } from "../../open-store.ts";
import type { OpenFreshStore } from "../fresh.ts";
import { killAbruptly, nextLine, startProgram } from "../programs/child.ts";
import { addAccount, addPop, makeWorld } from "../world.ts";
import { inWorld } from "./in-world.ts";

const pop = "nlams01";

export function testCrash(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("kill -9 in the middle of a transaction leaves nothing half-done", async ({ broker, store, url }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const before = await broker.states.snapshot(pop);
    const child = startProgram("hold-half", [url, handle, pop]);
    assert.equal(await nextLine(child), "half");
    assert.deepEqual(await broker.states.snapshot(pop), before, "nobody sees the half while it is open");
    await killAbruptly(child);
    assert.deepEqual(await broker.states.snapshot(pop), before);
    const { used, resting, free } = await broker.pools.get("P1");
    assert.deepEqual([used, resting, free], [0, 0, 65_536n]);
    assert.ok(!(await store.read(({ audit }) => audit.list(99))).some((line) => line.detail === "half"));

    const tunnel = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    assert.equal(tunnel.prefix.address.value, before.pools[0]?.prefix.address.value, "the position was not spent either");
    assert.equal((await broker.states.snapshot(pop)).revision, before.revision + 1);
  });

  test("what was answered is there after kill -9, whole, and nothing else", async ({ broker, url }) => {
    await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    const handle = await addAccount(broker);
    const child = startProgram("commit-forever", [url, handle, pop]);
    const told: string[] = [];
    for await (const line of child.lines) {
      told.push(line);
      if (told.length === 25) child.process.kill("SIGKILL");
    }
    await child.ended;
    const again = await openStore({ url });
    try {
      const { broker: later } = makeWorld(again, { seed: 9 });
      const tunnels = await later.tunnels.list();
      const ids = tunnels.map((tunnel) => tunnel.id as string);
      assert.deepEqual(ids.slice(0, told.length), told);
      assert.ok(ids.length <= told.length + 1, "at most the one that was not answered yet");
      assert.ok(tunnels.every((tunnel) => tunnel.delegations.length === 1));
      assert.equal((await later.pools.get("P1")).used, tunnels.length);
      assert.equal((await later.pools.get("P2")).used, tunnels.length);
      await later.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    } finally {
      await again.close();
    }
  });
}
