import assert from "node:assert/strict";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv4, startSec } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const amsterdam = { name: "nlams01", city: "Amsterdam", country: "Netherlands", outerIpv4: ipv4("192.0.2.1") };

export function testPops(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore);

  test("a PoP is found by its token, which rests as a digest", async ({ broker, store }) => {
    const { pop, token } = await broker.pops.add(amsterdam);
    assert.deepEqual(pop, { ...amsterdam, state: "up", stateMessage: "", stateSince: startSec, createdAt: startSec });
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.deepEqual(await broker.pops.findByToken(token), pop);
    assert.deepEqual(await broker.pops.get("nlams01"), pop);
    assert.deepEqual(await broker.pops.list(), [pop]);
    assert.equal(await store.read(({ pops }) => pops.findByTokenDigest(token)), undefined);
  });

  test("a renewed token ends the one before", async ({ broker }) => {
    const { token } = await broker.pops.add(amsterdam);
    const renewed = await broker.pops.renewToken("nlams01");
    assert.notEqual(renewed, token);
    assert.equal(await broker.pops.findByToken(token), undefined);
    assert.equal((await broker.pops.findByToken(renewed))?.name, "nlams01");
    assert.equal(await broker.pops.findByToken(`${renewed}0`), undefined);
    assert.equal(await broker.pops.findByToken(""), undefined);
  });

  test("what can't be a PoP is refused with its reason", async ({ broker }) => {
    await broker.pops.add(amsterdam);
    await refuses(broker.pops.add(amsterdam), "pop-taken");
    await refuses(broker.pops.add({ ...amsterdam, name: "nl ams" }), "pop-name-malformed");
    await refuses(broker.pops.add({ ...amsterdam, name: "nlams0123456789" }), "pop-name-malformed");
    await refuses(broker.pops.add({ ...amsterdam, name: "deham01", city: "" }), "name-malformed");
    await refuses(broker.pops.add({ ...amsterdam, name: "deham01", outerIpv4: ipv4("127.0.0.1") }), "endpoint-malformed");
    await refuses(broker.pops.get("deham01"), "pop-not-found");
    await refuses(broker.pops.get("\u0000"), "pop-not-found");
    await refuses(broker.pops.renewToken("deham01"), "pop-not-found");
    await refuses(broker.pops.setState("deham01", "down", ""), "pop-not-found");
  });

  test("a PoP that is down says since when and why, and takes no new tunnels", async ({ broker, clock }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    clock.nowSec += 60;
    const down = await broker.pops.setState("nlams01", "down", "disk changed until noon");
    assert.deepEqual([down.state, down.stateMessage, down.stateSince], ["down", "disk changed until noon", startSec + 60]);
    await assert.rejects(broker.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" }), {
      code: "pop-down",
      message: /disk changed until noon/,
    });
    clock.nowSec += 60;
    assert.equal((await broker.pops.setState("nlams01", "down", "until one")).stateSince, startSec + 60, "it is down since then");
    assert.equal((await broker.pops.setState("nlams01", "up", "")).stateSince, startSec + 120);
    await broker.tunnels.add({ handle, pop: "nlams01", encapsulation: "ayiya" });
    await refuses(broker.pops.setState("nlams01", "down", "two\nlines"), "name-malformed");
  });
}
