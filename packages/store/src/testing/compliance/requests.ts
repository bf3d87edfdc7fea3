import assert from "node:assert/strict";
import { formatPrefix } from "@tombolo/base";
import type { ApprovalRule, Broker, Handle, RequestWish, TunnelWish } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv4, ipv6Prefix, startSec } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const pop = "nlams01";
const reason = "IPv6 for the lab at home";
const tunnelWish: TunnelWish = { kind: "tunnel", pop, encapsulation: "ayiya", staticEndpoint: undefined, mtuBytes: 1280 };
const byStaff: ApprovalRule = { tunnels: "none", firstTunnels: 0, delegations: "none" };

async function furnish(broker: Broker): Promise<Handle> {
  await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 48] });
  return addAccount(broker);
}

export function testRequests(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings: { approval: byStaff, requestsWaiting: 2 } });
  const testFirst = inWorld(openFreshStore, { settings: { approval: { tunnels: "first", firstTunnels: 1, delegations: "all" } } });

  test("a request waits until staff approves it, and then the tunnel is there", async ({ broker, clock }) => {
    const handle = await furnish(broker);
    const asked = await broker.requests.add({ handle: handle.toLowerCase(), wish: tunnelWish, reason });
    const told = { id: "Q1001", handle, wish: tunnelWish, reason, createdAt: startSec };
    assert.deepEqual(asked, { ...told, state: "requested", decision: undefined });
    assert.deepEqual(await broker.requests.get("Q1001"), asked);
    assert.deepEqual(await broker.tunnels.list(), []);
    clock.nowSec += 60;
    const approved = await broker.requests.approve("Q1001");
    const decision = { at: startSec + 60, by: "staff", reason: "", tunnel: "T1001", delegation: undefined };
    assert.deepEqual(approved, { ...told, state: "approved", decision: { state: "approved", ...decision } });
    assert.deepEqual(await broker.requests.get("Q1001"), approved);
    assert.equal((await broker.tunnels.get("T1001")).handle, handle);
    assert.equal((await broker.states.snapshot(pop)).tunnels.length, 1);
    await refuses(broker.requests.approve("Q1001"), "request-decided");
    await refuses(broker.requests.reject("Q1001", "too late"), "request-decided");
    assert.deepEqual(
      (await broker.events.list()).map(({ id, kind, handle: owner, pop: at, tunnel, request, detail }) => [
        id,
        kind,
        owner,
        at,
        tunnel,
        request,
        detail,
      ]),
      [
        [1, "request.made", handle, pop, undefined, "Q1001", reason],
        [2, "request.approved", handle, pop, "T1001", "Q1001", ""],
      ],
    );
  });

  test("a rejected request tells its reason and leaves nothing else", async ({ broker }) => {
    const handle = await furnish(broker);
    const wish: RequestWish = { ...tunnelWish, encapsulation: "6in4", staticEndpoint: ipv4("198.51.100.7"), mtuBytes: 1480 };
    const { id } = await broker.requests.add({ handle, wish, reason });
    await refuses(broker.requests.reject(id, " "), "reason-malformed");
    const rejected = await broker.requests.reject(id, "Please say more about yourself.");
    assert.deepEqual([rejected.state, rejected.decision?.reason], ["rejected", "Please say more about yourself."]);
    assert.deepEqual((await broker.requests.get(id)).wish, wish);
    assert.deepEqual(await broker.tunnels.list(), []);
    assert.equal((await broker.events.list()).at(-1)?.detail, "Please say more about yourself.");
    await refuses(broker.requests.approve(id), "request-decided");
  });

  test("a delegation is asked for by the tunnel's owner alone, in a length that its PoP gives", async ({ broker }) => {
    const handle = await furnish(broker);
    const bob = await addAccount(broker, "Bob Dunne");
    const { id: tunnel } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const ask = (who: Handle, wish: RequestWish) => broker.requests.add({ handle: who, wish, reason });
    await refuses(ask(bob, { kind: "delegation", tunnel, lengthBits: 48 }), "tunnel-not-found");
    await refuses(ask(handle, { kind: "delegation", tunnel, lengthBits: 56 }), "delegation-length");
    const { id } = await ask(handle, { kind: "delegation", tunnel, lengthBits: 48 });
    const { decision } = await broker.requests.approve(id);
    assert.deepEqual([decision?.tunnel, decision?.delegation], [tunnel, "R1001"]);
    assert.equal(formatPrefix((await broker.delegations.get("R1001")).prefix), "2001:db8:8000::/48");
    const event = (await broker.events.list()).at(-1);
    assert.deepEqual([event?.kind, event?.tunnel, event?.detail], ["request.approved", tunnel, "2001:db8:8000::/48"]);
  });

  test("what is impossible leaves no request", async ({ broker, store }) => {
    const handle = await furnish(broker);
    const ask = (wish: RequestWish, why = reason) => broker.requests.add({ handle, wish, reason: why });
    await refuses(ask(tunnelWish, ""), "reason-malformed");
    await refuses(ask(tunnelWish, "a\u0007b"), "reason-malformed");
    await refuses(ask(tunnelWish, "x".repeat(1_001)), "reason-malformed");
    await refuses(ask({ ...tunnelWish, pop: "usbos01" }), "pop-not-found");
    await refuses(ask({ ...tunnelWish, mtuBytes: 1500 }), "mtu-out-of-range");
    await refuses(ask({ ...tunnelWish, encapsulation: "6in4" }), "encapsulation-needs-endpoint");
    await refuses(broker.requests.add({ handle: "XX1-TMB", wish: tunnelWish, reason }), "account-not-found");
    await refuses(broker.requests.get("Q1001"), "request-not-found");
    await refuses(broker.requests.get("Q'1" as "Q1"), "request-not-found");
    await broker.pops.setState(pop, "down", "repair");
    await refuses(ask(tunnelWish), "pop-down");
    await broker.accounts.setState(handle, "disabled");
    await refuses(ask(tunnelWish), "account-disabled");
    assert.deepEqual(await broker.requests.list(), []);
    assert.ok((await store.read(({ audit }) => audit.list(100))).every(({ event }) => !event.startsWith("request.")));
  });

  test("only so many requests of an account wait at once", async ({ broker }) => {
    const handle = await furnish(broker);
    const ask = () => broker.requests.add({ handle, wish: tunnelWish, reason });
    const results = await Promise.allSettled([ask(), ask(), ask(), ask()]);
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 2);
    await refuses(ask(), "requests-full");
    await broker.requests.reject("Q1001", "one is enough");
    await ask();
    assert.deepEqual(
      (await broker.requests.list({ handle, state: "requested" })).length + (await broker.requests.list({ state: "rejected" })).length,
      3,
    );
    assert.deepEqual(await broker.requests.list({ handle: "?" }), []);
  });

  test("when nothing can be given the request goes on waiting, and two approvals at once give one tunnel", async ({ broker }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/64", 64] });
    const handle = await addAccount(broker);
    const [first, second] = [
      await broker.requests.add({ handle, wish: tunnelWish, reason }),
      await broker.requests.add({ handle, wish: tunnelWish, reason }),
    ];
    const results = await Promise.allSettled([broker.requests.approve(first.id), broker.requests.approve(first.id)]);
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
    await refuses(broker.requests.approve(second.id), "pool-exhausted");
    assert.equal((await broker.requests.get(second.id)).state, "requested");
    await broker.pools.add({ pop, purpose: "tunnel", prefix: ipv6Prefix("2001:db8:2::/48"), lengthBits: 64 });
    assert.equal((await broker.requests.approve(second.id)).state, "approved");
    assert.equal((await broker.tunnels.list()).length, 2);
  });

  testFirst("a rule approves an account's first tunnel, and leaves the next to staff", async ({ broker }) => {
    const handle = await furnish(broker);
    const first = await broker.requests.add({ handle, wish: tunnelWish, reason });
    assert.deepEqual([first.state, first.decision?.by, first.decision?.tunnel], ["approved", "rule", "T1001"]);
    assert.equal((await broker.requests.add({ handle, wish: tunnelWish, reason })).state, "requested");
    const network = await broker.requests.add({ handle, wish: { kind: "delegation", tunnel: "T1001", lengthBits: 48 }, reason });
    assert.deepEqual([network.state, network.decision?.delegation], ["approved", "R1001"]);
    assert.deepEqual(
      (await broker.requests.list()).map(({ id, state }) => [id, state]),
      [
        ["Q1003", "approved"],
        ["Q1002", "requested"],
        ["Q1001", "approved"],
      ],
    );
  });
}
