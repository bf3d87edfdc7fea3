import assert from "node:assert/strict";
import test from "node:test";
import { makeIpv4 } from "@tombolo/base";
import { PlayedPlane } from "../../test/played-plane.ts";
import { makeTestTunnel, testPop } from "../../test/states.ts";
import type { DesiredState, DesiredTunnel } from "../state/desired.ts";
import { PlaneKeeper } from "./plane-keeper.ts";

function stateOf(...tunnels: readonly DesiredTunnel[]): DesiredState {
  return { revision: 1, pop: testPop, tunnels: new Map(tunnels.map((tunnel) => [tunnel.id, tunnel])) };
}

test("tunnels are set once, and a second look changes nothing", async () => {
  const plane = new PlayedPlane();
  const keeper = new PlaneKeeper(plane);
  const state = stateOf(makeTestTunnel(1), makeTestTunnel(2, { enabled: false }));
  assert.deepEqual(await keeper.repairAll(state), { set: 2, removed: [], full: 0 });
  assert.equal(plane.tunnels.get(2)?.enabled, false);
  assert.deepEqual(await keeper.repairAll(state), { set: 0, removed: [], full: 0 });
});

test("what went from the desired state goes from the data plane", async () => {
  const plane = new PlayedPlane();
  const keeper = new PlaneKeeper(plane);
  await keeper.repairAll(stateOf(makeTestTunnel(1), makeTestTunnel(2)));
  assert.deepEqual(await keeper.repairAll(stateOf(makeTestTunnel(2))), { set: 0, removed: [1], full: 0 });
  assert.deepEqual(keeper.repairSome(stateOf(), ["T2", "T3"]), { set: 0, removed: [2], full: 0 });
  assert.equal(plane.tunnels.size, 0);
});

test("a tunnel that the data plane lost is set again", async () => {
  const plane = new PlayedPlane();
  const keeper = new PlaneKeeper(plane);
  const state = stateOf(makeTestTunnel(1));
  await keeper.repairAll(state);
  plane.tunnels.delete(1);
  assert.deepEqual(await keeper.repairAll(state), { set: 1, removed: [], full: 0 });
});

test("a change keeps the endpoint to which the tunnel has moved meanwhile", async () => {
  const plane = new PlayedPlane();
  const keeper = new PlaneKeeper(plane);
  const old = { ipv4: makeIpv4(0xc633_6401), port: 1 };
  const moved = { ipv4: makeIpv4(0xc633_6402), port: 2 };
  await keeper.repairAll(stateOf(makeTestTunnel(1, { lastEndpoint: old })));
  plane.seen.set(1, { endpoint: moved });
  keeper.repairSome(stateOf(makeTestTunnel(1, { lastEndpoint: old, mtuBytes: 1480 })), ["T1"]);
  assert.deepEqual([plane.tunnels.get(1)?.mtuBytes, plane.tunnels.get(1)?.endpoint], [1480, moved]);
});

test("a tunnel that is new to the data plane begins where it was last; an endpoint that was given up does not come back by a change", async () => {
  const plane = new PlayedPlane();
  const keeper = new PlaneKeeper(plane);
  const old = { ipv4: makeIpv4(0xc633_6401), port: 1 };
  await keeper.repairAll(stateOf(makeTestTunnel(1, { lastEndpoint: old })));
  assert.deepEqual(plane.tunnels.get(1)?.endpoint, old);
  plane.withdraw(1);
  keeper.repairSome(stateOf(makeTestTunnel(1, { lastEndpoint: old, mtuBytes: 1480 })), ["T1"]);
  assert.equal(plane.tunnels.get(1)?.endpoint, undefined);
});

test("tunnels that find no room are counted, and set when there is room", async () => {
  const plane = new PlayedPlane();
  plane.room = 1;
  const keeper = new PlaneKeeper(plane);
  const state = stateOf(makeTestTunnel(1), makeTestTunnel(2), makeTestTunnel(3));
  assert.deepEqual(await keeper.repairAll(state), { set: 1, removed: [], full: 2 });
  plane.room = 3;
  assert.deepEqual(await keeper.repairAll(state), { set: 2, removed: [], full: 0 });
});

test("ten thousand tunnels are compared in turns", async () => {
  const plane = new PlayedPlane();
  const keeper = new PlaneKeeper(plane);
  const state = stateOf(...Array.from({ length: 10_000 }, (_, i) => makeTestTunnel(i + 1)));
  const first = keeper.repairAll(state);
  assert.ok(plane.tunnels.size < 10_000);
  await first;
  assert.equal(plane.tunnels.size, 10_000);
  assert.deepEqual((await keeper.repairAll(stateOf())).removed.length, 10_000);
});
