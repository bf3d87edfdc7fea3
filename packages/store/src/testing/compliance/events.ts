import assert from "node:assert/strict";
import { test as plainTest } from "node:test";
import { wallSec } from "@tombolo/base";
import { openEngine, parseStoreUrl } from "../../open-store.ts";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, startSec } from "../world.ts";
import { inWorld } from "./in-world.ts";

const pop = "nlams01";

export function testEvents(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("owners are told of their tunnels, their account and their PoP, and nobody of others", async ({ broker }) => {
    await addPop(broker);
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const [ann, bob] = [await addAccount(broker), await addAccount(broker, "Bob Dunne")];
    const { id } = await broker.tunnels.add({ handle: ann, pop, encapsulation: "ayiya" });
    await broker.tunnels.add({ handle: ann, pop, encapsulation: "ayiya" });
    await broker.tunnels.add({ handle: bob, pop: "deham01", encapsulation: "ayiya" });
    await broker.pops.setState(pop, "down", "New disks until noon");
    await broker.pops.setState(pop, "down", "New disks until two");
    await broker.pops.setState(pop, "up", "");
    await broker.tunnels.setAdminState(id, "disabled");
    await broker.tunnels.setUserState(id, "disabled");
    await broker.accounts.setState(bob, "disabled");
    assert.deepEqual(
      (await broker.events.list()).map(({ at, kind, handle, pop: where, tunnel, detail }) => [at, kind, handle, where, tunnel, detail]),
      [
        [startSec, "pop.down", ann, pop, undefined, "New disks until noon"],
        [startSec, "pop.up", ann, pop, undefined, ""],
        [startSec, "tunnel.disabled", ann, pop, id, "by the operator"],
        [startSec, "account.disabled", bob, undefined, undefined, "by the operator"],
      ],
    );
    assert.equal((await broker.events.list({ handle: bob.toLowerCase() })).length, 1);
  });

  test("a tunnel that is heard of for the first time is told as live, once", async ({ broker, clock }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const [one, two] = [
      await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" }),
      await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" }),
    ];
    const seen = (at: number) => ({ kind: "seen" as const, tunnel: one.id, at: wallSec(at) });
    await broker.states.observe(pop, [seen(startSec)]);
    clock.nowSec += 60;
    await broker.states.observe(pop, [seen(startSec + 60), { ...seen(startSec + 50), tunnel: two.id }]);
    await broker.states.observe(pop, [seen(startSec + 60)]);
    assert.equal((await broker.tunnels.get(one.id)).lastSeenAt, startSec + 60);
    assert.deepEqual(
      (await broker.events.list()).map(({ kind, tunnel, at }) => [kind, tunnel, at]),
      [
        ["tunnel.live", one.id, startSec],
        ["tunnel.live", two.id, startSec + 60],
      ],
    );
  });

  test("a reader goes on where it was, in pages", async ({ broker }) => {
    const handle = await addAccount(broker);
    for (const state of ["disabled", "enabled", "disabled", "enabled", "disabled"] as const) await broker.accounts.setState(handle, state);
    const ids = async (wish: { after?: number; limit?: number }) => (await broker.events.list(wish)).map((event) => event.id);
    assert.deepEqual(await ids({ limit: 2 }), [4, 5], "the newest");
    assert.deepEqual(await ids({ after: 0, limit: 2 }), [1, 2]);
    assert.deepEqual(await ids({ after: 2, limit: 2 }), [3, 4]);
    assert.deepEqual(await ids({ after: 5 }), []);
    assert.deepEqual(await ids({ after: Number.NaN }), []);
    assert.equal((await ids({ limit: -1 })).length, 5);
  });

  test("events of many at once become visible in the order of their numbers", async ({ broker }) => {
    const handles = await Promise.all(Array.from({ length: 8 }, (_, i) => addAccount(broker, `Ann Bert C${"abcdefgh".charAt(i)}`)));
    const read: number[] = [];
    const state = { reading: true };
    const reader = (async () => {
      while (state.reading) read.push(...(await broker.events.list({ after: read.at(-1) ?? 0 })).map((event) => event.id));
    })();
    await Promise.all(handles.map((handle) => broker.accounts.setState(handle, "disabled")));
    state.reading = false;
    await reader;
    read.push(...(await broker.events.list({ after: read.at(-1) ?? 0 })).map((event) => event.id));
    assert.equal(new Set(read).size, 8, "none was overtaken and missed");
  });

  plainTest("the database itself refuses to change or to lose an event", async () => {
    const fresh = await openFreshStore();
    const url = parseStoreUrl(fresh.url);
    assert.ok(url.ok);
    const engine = openEngine(url.value, 1);
    try {
      const none = { pop: undefined, tunnel: undefined, request: undefined };
      await fresh.store.write(({ events }) => events.add({ at: wallSec(1), kind: "pop.down", handle: "ABC1-TMB", ...none, detail: "x" }));
      await assert.rejects(engine.db.updateTable("event").set({ detail: "y" }).execute(), /never changed/);
      await assert.rejects(engine.db.deleteFrom("event").execute(), /never changed/);
    } finally {
      await engine.close();
      await fresh.drop();
    }
  });
}
