import assert from "node:assert/strict";
import { test as plainTest } from "node:test";
import { wallSec } from "@tombolo/base";
import { defaultCreditPlan, type Broker, type CreditDraft, type Handle, type RequestWish, type TunnelWish } from "@tombolo/broker";
import { openEngine, parseStoreUrl } from "../../open-store.ts";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv4, makeWorld, startSec } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const pop = "nlams01";
const reason = "IPv6 at home";
const tunnelWish: TunnelWish = { kind: "tunnel", pop, encapsulation: "ayiya", staticEndpoint: undefined, mtuBytes: 1280 };
const credits = { ...defaultCreditPlan, enabled: true };
const byRule = { tunnels: "all", firstTunnels: 0, delegations: "all" } as const;

async function furnish(broker: Broker): Promise<Handle> {
  await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 48] });
  return addAccount(broker);
}

const goodWeek = (handle: Handle, period: number): CreditDraft => ({
  at: wallSec(startSec),
  handle,
  kind: "good-week",
  amount: 5,
  tunnel: "T1001",
  request: undefined,
  period: wallSec(period),
  note: "",
});

export function testCredits(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings: { credits, approval: byRule } });
  const testStaff = inWorld(openFreshStore, {
    settings: { credits, approval: { tunnels: "none", firstTunnels: 0, delegations: "none" }, requestsWaiting: 9 },
  });
  const testOff = inWorld(openFreshStore);

  test("the historic example plan: 15 may request, and every step explains the balance", async ({ broker, store }) => {
    const handle = await furnish(broker);
    const ask = (wish: RequestWish) => broker.requests.add({ handle, wish, reason });
    await ask(tunnelWish);
    assert.equal((await broker.credits.read(handle)).balance, 10);
    const network: RequestWish = { kind: "delegation", tunnel: "T1001", lengthBits: 48 };
    await refuses(ask(network), "credits-too-low");
    assert.equal(await store.write((repositories) => repositories.credits.add([goodWeek(handle, 7 * 86_400)])), 1);
    await ask(network);
    await broker.credits.grant({ handle, amount: -1, note: "a reverse DNS server" });
    const statement = await broker.credits.read(handle);
    assert.deepEqual(
      statement.entries.map(({ kind, amount, balance }) => [kind, amount, balance]),
      [
        ["signup", 25, 25],
        ["request-tunnel", -10, 15],
        ["approve-tunnel", -5, 10],
        ["good-week", 5, 15],
        ["request-delegation", -10, 5],
        ["approve-delegation", -4, 1],
        ["grant", -1, 0],
      ],
    );
    assert.equal(statement.balance, 0);
    assert.deepEqual(
      [statement.entries[5]?.request, statement.entries[5]?.tunnel, statement.entries[5]?.note],
      ["Q1002", "T1001", "R1001"],
    );
  });

  testStaff("a rejected request keeps its cost, and nobody spends a balance twice at once", async ({ broker }) => {
    const handle = await furnish(broker);
    const ask = () => broker.requests.add({ handle, wish: tunnelWish, reason });
    const results = await Promise.allSettled([ask(), ask(), ask(), ask()]);
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 2, "25 and 15 may, 5 may not");
    assert.equal((await broker.credits.read(handle)).balance, 5);
    await broker.requests.reject("Q1001", "Please say more about yourself.");
    assert.equal((await broker.credits.read(handle)).balance, 5);
    await broker.requests.approve("Q1002");
    assert.equal((await broker.credits.read(handle)).balance, 0, "approval is charged at any balance");
  });

  test("what was refused costs nothing", async ({ broker }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/64", 64] });
    const [ann, bob] = [await addAccount(broker), await addAccount(broker, "Bob Dunne")];
    await broker.tunnels.add({ handle: ann, pop, encapsulation: "ayiya" });
    await refuses(broker.requests.add({ handle: bob, wish: tunnelWish, reason }), "pool-exhausted");
    assert.equal((await broker.credits.read(bob)).balance, 25);
    assert.deepEqual(await broker.requests.list(), []);
  });

  test("an owner changes and removes what is his, at any balance, and it costs; staff's own doing does not", async ({ broker }) => {
    const handle = await furnish(broker);
    const bob = await addAccount(broker, "Bob Dunne");
    const { id: tunnel } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const { id: delegation } = await broker.delegations.add({ tunnel, lengthBits: 48 });
    await broker.tunnels.setEncapsulation(tunnel, "heartbeat");
    await broker.credits.grant({ handle, amount: -25, note: "start at nothing" });
    const moved = await broker.owners.changeTunnel({ handle, tunnel, encapsulation: "6in4", staticEndpoint: ipv4("198.51.100.7") });
    assert.deepEqual(await broker.tunnels.get(tunnel), moved);
    await broker.owners.changeTunnel({ handle, tunnel, encapsulation: "6in4", staticEndpoint: ipv4("198.51.100.7") });
    assert.equal((await broker.credits.read(handle)).balance, -15, "what changes nothing costs nothing");
    await refuses(broker.owners.changeTunnel({ handle: bob, tunnel, encapsulation: "ayiya" }), "tunnel-not-found");
    await refuses(broker.owners.removeTunnel(bob, tunnel), "tunnel-not-found");
    await refuses(broker.owners.removeDelegation(bob, delegation), "delegation-not-found");
    await broker.owners.removeDelegation(handle, delegation);
    await broker.owners.removeTunnel(handle, tunnel);
    assert.deepEqual(await broker.tunnels.list(), []);
    assert.equal((await broker.pools.get("P2")).resting, 1);
    assert.deepEqual(
      (await broker.credits.read(handle)).entries.map(({ kind, balance }) => [kind, balance]),
      [
        ["signup", 25],
        ["grant", 0],
        ["change-tunnel", -15],
        ["remove-delegation", -65],
        ["remove-tunnel", -90],
      ],
    );
    assert.equal((await broker.credits.read(bob)).balance, 25);
    await broker.accounts.setState(handle, "disabled");
    await refuses(broker.owners.removeTunnel(handle, tunnel), "account-disabled");
  });

  test("a week is credited once for each tunnel, and a signup once for each account", async ({ broker, store }) => {
    const handle = await furnish(broker);
    const add = (...entries: CreditDraft[]) => store.write((repositories) => repositories.credits.add(entries));
    assert.equal(await add(goodWeek(handle, 0), { ...goodWeek(handle, 0), tunnel: "T1002" }, goodWeek(handle, 604_800)), 3);
    const written = await Promise.all([add(goodWeek(handle, 0)), add(goodWeek(handle, 1_209_600)), add(goodWeek(handle, 1_209_600))]);
    assert.deepEqual(written.toSorted(), [0, 0, 1]);
    assert.equal(await store.write((repositories) => repositories.credits.addSignups({ at: wallSec(startSec), amount: 25 })), 0);
    assert.equal((await broker.credits.read(handle)).balance, 25 + 4 * 5);
  });

  test("accounts from before the plan get their signup later", async ({ broker, store }) => {
    const before = makeWorld(store).broker;
    const handle = await addAccount(before);
    assert.deepEqual(await broker.credits.read(handle), { balance: 0, entries: [] });
    assert.equal(await store.write((repositories) => repositories.credits.addSignups({ at: wallSec(startSec), amount: 25 })), 1);
    assert.equal((await broker.credits.read(handle)).balance, 25);
  });

  test("a grant is a whole number with a note", async ({ broker }) => {
    const handle = await addAccount(broker);
    for (const amount of [0, 0.5, Number.NaN, 1e9]) await refuses(broker.credits.grant({ handle, amount, note: "x" }), "credits-malformed");
    await refuses(broker.credits.grant({ handle, amount: 5, note: "" }), "credits-malformed");
    await refuses(broker.credits.grant({ handle: "XX1-TMB", amount: 5, note: "x" }), "account-not-found");
    assert.equal((await broker.credits.grant({ handle, amount: 50, note: "found a bug" })).balance, 75);
  });

  testOff("while credits are off nothing is written and nobody is refused", async ({ broker }) => {
    const handle = await furnish(broker);
    for (let i = 0; i < 3; i += 1) await broker.requests.add({ handle, wish: tunnelWish, reason });
    assert.deepEqual(await broker.credits.read(handle), { balance: 0, entries: [] });
    await refuses(broker.credits.grant({ handle, amount: 5, note: "x" }), "credits-off");
  });

  plainTest("the database itself refuses to change or to lose an entry", async () => {
    const fresh = await openFreshStore();
    const url = parseStoreUrl(fresh.url);
    assert.ok(url.ok);
    const engine = openEngine(url.value, 1);
    try {
      await addAccount(makeWorld(fresh.store, { settings: { credits } }).broker);
      await assert.rejects(engine.db.updateTable("credit").set({ amount: 99 }).execute(), /never changed/);
      await assert.rejects(engine.db.deleteFrom("credit").execute(), /never changed/);
    } finally {
      await engine.close();
      await fresh.drop();
    }
  });
}
