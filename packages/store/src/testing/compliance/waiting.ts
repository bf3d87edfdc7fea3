import assert from "node:assert/strict";
import { openStore } from "../../open-store.ts";
import type { OpenFreshStore } from "../fresh.ts";
import { addPop, makeWorld } from "../world.ts";
import { inWorld } from "./in-world.ts";

const pop = "nlams01";

export function testWaiting(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("a change in this process wakes who waits for its PoP, and nobody else", async ({ broker }) => {
    await addPop(broker);
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const { revision } = await broker.states.snapshot(pop);
    const other = await broker.states.snapshot("deham01");
    const cancel = new AbortController();
    const woken: string[] = [];
    const here = broker.states.wait(pop, cancel.signal, revision).then(() => woken.push(pop));
    const there = broker.states.wait("deham01", cancel.signal, other.revision).then(() => woken.push("deham01"));
    await broker.pops.setState(pop, "down", "");
    await here;
    assert.deepEqual(woken, [pop]);
    cancel.abort();
    await there;
  });

  test("a change between the read and the wait is not slept through", async ({ broker }) => {
    await addPop(broker);
    const { revision } = await broker.states.snapshot(pop);
    await broker.pops.setState(pop, "down", "");
    await broker.states.wait(pop, new AbortController().signal, revision);
    assert.ok(typeof (await broker.states.changesSince(pop, revision)) === "object");
  });

  test("a change by another connection wakes too", async ({ broker, url }) => {
    await addPop(broker);
    const { revision } = await broker.states.snapshot(pop);
    const other = await openStore({ url });
    try {
      const waiting = broker.states.wait(pop, new AbortController().signal, revision);
      await makeWorld(other).broker.pops.setState(pop, "down", "");
      await waiting;
      assert.equal((await broker.states.snapshot(pop)).revision, revision + 1);
    } finally {
      await other.close();
    }
  });

  test("without a revision it settles by itself, so that the caller looks again", async ({ broker }) => {
    await addPop(broker);
    await broker.states.wait(pop, new AbortController().signal);
  });

  test("an abort settles, before or during the wait, and so does closing", async ({ broker, store }) => {
    await addPop(broker);
    const { revision } = await broker.states.snapshot(pop);
    await broker.states.wait(pop, AbortSignal.abort(), revision);
    const cancel = new AbortController();
    const waiting = broker.states.wait(pop, cancel.signal, revision);
    cancel.abort();
    await waiting;
    const last = broker.states.wait(pop, new AbortController().signal, revision);
    await store.close();
    await last;
    await broker.states.wait(pop, new AbortController().signal, revision);
  });
}
