import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { formatIpv4, formatPrefix, makeIpv4, makeSeededRandom, monotonicMs, wallSec } from "@tombolo/base";
import type { PlaneEvent, PlaneOptions } from "@tombolo/dataplane";
import { makeBeat } from "@tombolo/protocols";
import { md5 } from "../test/digests.ts";
import { HandTimers, makeTestLog, settle, until } from "../test/by-hand.ts";
import { PlayedBroker } from "../test/played-broker.ts";
import { PlayedPlane } from "../test/played-plane.ts";
import { makeTestTunnel, prefixOf, testPop } from "../test/states.ts";
import type { TakeBeat } from "./beats/beat-socket.ts";
import { makePopAgent, type PopAgent } from "./agent.ts";
import { makeMemoryKernel } from "./kernel/memory.ts";
import type { StateLine } from "./state/codec.ts";
import { readStateFile } from "./state/file.ts";

const snapshot: readonly StateLine[] = [
  { type: "snapshot", revision: 5, pop: testPop },
  { type: "tunnel", tunnel: makeTestTunnel(1001) },
  { type: "tunnel", tunnel: makeTestTunnel(1002, { enabled: false }) },
  { type: "end", revision: 5 },
];

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tombolo-agent-"));
  // Hooks run in the order of their making, and an agent still writes while it closes.
  t.after(async () => {
    for (const world of worlds.get(t) ?? []) await world.close();
    await rm(folder, { recursive: true });
  });
  return folder;
}

const worlds = new WeakMap<TestContext, World[]>();

/** An agent over a played broker and data plane. */
class World {
  readonly broker = new PlayedBroker();
  readonly timers = new HandTimers();
  readonly kernel = makeMemoryKernel();
  readonly planes: PlayedPlane[] = [];
  readonly opened: PlaneOptions[] = [];
  readonly journal = makeTestLog();
  readonly statePath: string;
  readonly agent: PopAgent;
  /** Set to keep the data plane from opening. */
  refusal: string | undefined;
  room = Number.POSITIVE_INFINITY;
  beat: TakeBeat = () => {};
  readonly beatsAt: string[] = [];
  happen: (event: PlaneEvent) => void = () => {};
  #closed = false;

  constructor(t: TestContext, folder: string) {
    this.statePath = join(folder, "state");
    this.agent = makePopAgent({
      door: { fetch: this.broker.fetch, url: "http://broker", token: "secret-token-of-a-pop" },
      openPlane: (options, onEvent) => this.#open(options, onEvent),
      kernel: this.kernel,
      statePath: this.statePath,
      plane: { device: "tombolo", ayiyaPort: 5072, udpPort: undefined, proto41: true, workers: 1, capacity: 100 },
      bindIpv4: undefined,
      addresses: [],
      openBeats: (bind, take) => {
        this.beatsAt.push(formatIpv4(bind));
        this.beat = take;
        return Promise.resolve({ close: () => Promise.resolve() });
      },
      controlPath: join(folder, "control.sock"),
      md5,
      timers: this.timers,
      wall: this.timers,
      monotonic: { nowMs: () => monotonicMs(this.timers.nowMs) },
      random: makeSeededRandom(1),
      log: this.journal.log,
    });
    worlds.set(t, [...(worlds.get(t) ?? []), this]);
  }

  get plane(): PlayedPlane {
    const plane = this.planes.at(-1);
    assert.ok(plane, "a data plane is open");
    return plane;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.agent.close();
  }

  #open(options: PlaneOptions, onEvent: (event: PlaneEvent) => void): PlayedPlane {
    if (this.refusal !== undefined) throw new Error(this.refusal);
    this.happen = onEvent;
    this.opened.push(options);
    this.kernel.addLink(options.device);
    const plane = new PlayedPlane();
    plane.room = this.room;
    this.planes.push(plane);
    return plane;
  }
}

async function startWithSnapshot(t: TestContext): Promise<World> {
  const world = new World(t, await makeFolder(t));
  await world.agent.start();
  await settle();
  world.broker.send(...snapshot);
  await until(() => world.agent.status().forwarding, "forwarding");
  await settle();
  return world;
}

test("the first state opens the data plane, sets the tunnels and the kernel", async (t) => {
  const world = await startWithSnapshot(t);
  assert.deepEqual(world.opened, [
    {
      role: "pop",
      outerIpv4: testPop.outerIpv4,
      device: "tombolo",
      ayiyaPort: 5072,
      udpPort: undefined,
      proto41: true,
      workers: 1,
      capacity: 100,
    },
  ]);
  assert.deepEqual(
    [...world.plane.tunnels.values()].map(({ id, enabled }) => [id, enabled]),
    [
      [1001, true],
      [1002, false],
    ],
  );
  assert.deepEqual((await world.kernel.listRoutes("tombolo")).map(formatPrefix), ["2001:db8:1::/48"]);
  assert.deepEqual(world.agent.status(), { revision: 5, tunnels: 2, forwarding: true, observationsWaiting: 0 });
});

test("beats are taken at the PoP's address, and at its new one when that changes", async (t) => {
  const world = await startWithSnapshot(t);
  const beating = makeTestTunnel(1001, { encapsulation: "heartbeat" });
  world.broker.send({ type: "change", revision: 6, change: { kind: "tunnel", tunnel: beating } });
  await settle();
  const { clientAddress: address, secret: password } = beating;
  const source = makeIpv4(0xc633_6407);
  world.beat(makeBeat({ address, sender: "sender", nowSec: world.timers.nowSec(), password }, md5), source, 4000);
  assert.deepEqual(world.plane.counters(1001)?.endpoint, { ipv4: source, port: 0 });
  const pop = { ...testPop, outerIpv4: makeIpv4(0xc000_0209) };
  world.broker.send({ type: "change", revision: 7, change: { kind: "pop", pop } });
  await settle();
  assert.deepEqual(world.beatsAt, ["192.0.2.1", "192.0.2.9"]);
});

test("round trips of live tunnels reach the broker", async (t) => {
  const world = await startWithSnapshot(t);
  world.plane.seen.set(1001, { endpoint: { ipv4: makeIpv4(0xc633_6407), port: 5 }, lastSeenAt: world.timers.nowSec() });
  world.plane.latencies.set(1001, { sent: 1, received: 1, minMs: 7, avgMs: 7, maxMs: 7 });
  await world.timers.pass(135_000);
  const rounds = world.broker.batches.flatMap(({ observations }) => observations).filter(({ kind }) => kind === "latency");
  assert.deepEqual(
    rounds.map(({ tunnel, received, avgMs }) => [tunnel, received, avgMs]),
    [["T1001", 1, 7]],
  );
});

test("a change touches the tunnel that changed and no other", async (t) => {
  const { broker, plane } = await startWithSnapshot(t);
  plane.calls.length = 0;
  broker.send({ type: "change", revision: 6, change: { kind: "tunnel", tunnel: makeTestTunnel(1001, { mtuBytes: 1480 }) } });
  broker.send({ type: "change", revision: 7, change: { kind: "removed", id: "T1002" } });
  await settle();
  assert.deepEqual(plane.calls, ["set 1001", "remove 1002"]);
});

test("a change of the pools is a change of the routes", async (t) => {
  const { broker, kernel } = await startWithSnapshot(t);
  broker.send({ type: "change", revision: 6, change: { kind: "pop", pop: { ...testPop, pools: [prefixOf("2001:db8:2::/48")] } } });
  await settle();
  assert.deepEqual((await kernel.listRoutes("tombolo")).map(formatPrefix), ["2001:db8:2::/48"]);
  assert.deepEqual((await kernel.listUnreachable()).map(formatPrefix), ["2001:db8:2::/48"]);
});

test("the broker going away drops nothing", async (t) => {
  const { broker, plane, timers, agent } = await startWithSnapshot(t);
  broker.answer = () => new Response("", { status: 503 });
  broker.end();
  await timers.pass(600_000);
  assert.deepEqual([...plane.tunnels.keys()], [1001, 1002]);
  assert.equal(agent.status().forwarding, true);
});

test("a PoP forwards from its copy on disk when it starts with no broker, to where its clients were", async (t) => {
  const folder = await makeFolder(t);
  const before = new World(t, folder);
  await before.agent.start();
  await settle();
  before.broker.send(...snapshot);
  await until(() => before.agent.status().forwarding, "forwarding");
  await settle();
  const endpoint = { ipv4: makeIpv4(0xc633_6407), port: 40_000 };
  before.plane.seen.set(1001, { endpoint });
  before.happen({ kind: "endpoint", id: 1001, endpoint, at: wallSec(1_700_000_000) });
  await before.close();
  assert.equal(before.plane.closed, true);
  assert.deepEqual((await before.kernel.listUnreachable()).map(formatPrefix), ["2001:db8:1::/48"], "kept, lest packets loop");

  const after = new World(t, folder);
  after.broker.answer = () => {
    throw new Error("connect ECONNREFUSED");
  };
  await after.agent.start();
  assert.equal(after.agent.status().forwarding, true);
  assert.deepEqual([...after.plane.tunnels.keys()], [1001, 1002]);
  assert.deepEqual(after.plane.tunnels.get(1001)?.endpoint, endpoint);
  after.broker.answer = new PlayedBroker().answer;
  await after.timers.pass(30_000);
  assert.ok(after.broker.requests.some((request) => request.url.endsWith("?since=5")));
});

test("the copy on disk follows each change", async (t) => {
  const { broker, timers, statePath } = await startWithSnapshot(t);
  broker.send({ type: "change", revision: 6, change: { kind: "removed", id: "T1002" } });
  await timers.pass(2000);
  await until(async () => {
    const read = await readStateFile(statePath, 100);
    return read.ok && read.value.revision === 6 && read.value.tunnels.size === 1;
  }, "revision 6 on disk");
});

test("more tunnels than the table takes: those that fit are forwarded, now and after a start without the broker", async (t) => {
  const folder = await makeFolder(t);
  const before = new World(t, folder);
  before.room = 100;
  await before.agent.start();
  await settle();
  const tunnels = Array.from({ length: 101 }, (_, i): StateLine => ({ type: "tunnel", tunnel: makeTestTunnel(i + 1) }));
  before.broker.send({ type: "snapshot", revision: 5, pop: testPop }, ...tunnels, { type: "end", revision: 5 });
  await until(() => before.agent.status().forwarding, "forwarding");
  await settle();
  assert.equal(before.plane.tunnels.size, 100);
  assert.ok(before.journal.names().includes("pop.plane.full"));
  assert.equal(before.broker.requests.length, 1);
  await before.close();
  const after = new World(t, folder);
  after.room = 100;
  await after.agent.start();
  assert.equal(after.plane.tunnels.size, 100);
  assert.ok(!after.journal.names().includes("pop.state.set-aside"));
});

test("a bad copy on disk is set aside, and the broker's state taken", async (t) => {
  const folder = await makeFolder(t);
  await writeFile(join(folder, "state"), "rubbish\n");
  const world = new World(t, folder);
  await world.agent.start();
  await settle();
  assert.ok(world.journal.names().includes("pop.state.set-aside"));
  assert.equal(world.broker.requests[0]?.url, "http://broker/pop/v1/state");
});

test("a route that somebody took away comes back within half a minute", async (t) => {
  const { kernel, timers } = await startWithSnapshot(t);
  await kernel.changeRoutes("tombolo", { add: [], remove: testPop.pools });
  await timers.pass(30_000);
  assert.deepEqual((await kernel.listRoutes("tombolo")).map(formatPrefix), ["2001:db8:1::/48"]);
});

test("a data plane whose device was taken away is opened anew, with all its tunnels", async (t) => {
  const world = await startWithSnapshot(t);
  world.kernel.removeLink("tombolo");
  await world.timers.pass(30_000);
  assert.equal(world.planes.length, 2);
  assert.equal(world.planes[0]?.closed, true);
  assert.deepEqual([...world.plane.tunnels.keys()], [1001, 1002]);
});

test("a data plane that is opened anew reaches its clients where they were, and the disk goes on knowing it", async (t) => {
  const world = await startWithSnapshot(t);
  const endpoint = { ipv4: makeIpv4(0xc633_6407), port: 40_000 };
  world.plane.seen.set(1001, { endpoint, endpointProven: true });
  world.plane.seen.set(1002, { endpoint, endpointProven: false });
  // Twice: the second data plane has heard nothing that would prove it again.
  for (const planes of [2, 3]) {
    world.happen({ kind: "worker-failed", message: "out of memory" });
    await settle();
    assert.equal(world.planes.length, planes);
    assert.deepEqual(
      [1001, 1002].map((id) => world.plane.tunnels.get(id)?.endpoint),
      [endpoint, undefined],
    );
  }
  world.refusal = "the device is busy";
  world.happen({ kind: "worker-failed", message: "out of memory" });
  await settle();
  world.broker.send({ type: "change", revision: 6, change: { kind: "removed", id: "T1002" } });
  await settle();
  await world.close();
  const read = await readStateFile(world.statePath, 100);
  assert.deepEqual(read.ok && read.value.tunnels.get("T1001")?.lastEndpoint, endpoint);
});

test("an endpoint that was given up does not come back with the next data plane, but stays on disk", async (t) => {
  const world = await startWithSnapshot(t);
  const endpoint = { ipv4: makeIpv4(0xc633_6407), port: 40_000 };
  world.plane.seen.set(1001, { endpoint, endpointProven: true });
  world.happen({ kind: "endpoint", id: 1001, endpoint, at: wallSec(1_700_000_000) });
  await world.timers.pass(2000);
  const onDisk = async (): Promise<unknown> => {
    const read = await readStateFile(world.statePath, 100);
    return read.ok && read.value.tunnels.get("T1001")?.lastEndpoint;
  };
  await until(async () => (await onDisk()) !== undefined && (await onDisk()) !== false, "the endpoint on disk");
  world.plane.withdraw(1001);
  world.happen({ kind: "worker-failed", message: "out of memory" });
  await settle();
  assert.equal(world.plane.tunnels.get(1001)?.endpoint, undefined);
  world.broker.send({ type: "change", revision: 6, change: { kind: "removed", id: "T1002" } });
  await settle();
  await world.close();
  assert.deepEqual(await onDisk(), endpoint);
});

test("what the broker is told of a tunnel's packets grows on when the data plane is opened anew", async (t) => {
  const world = await startWithSnapshot(t);
  world.plane.seen.set(1001, { inPackets: 5, inBytes: 500 });
  await world.timers.pass(10_200);
  world.plane.seen.set(1001, { inPackets: 7, inBytes: 700 });
  world.happen({ kind: "worker-failed", message: "out of memory" });
  await settle();
  assert.equal(world.planes.length, 2);
  world.plane.seen.set(1001, { inPackets: 1, inBytes: 100 });
  await world.timers.pass(10_200);
  const told = world.broker.batches.flatMap(({ observations }) => observations).filter(({ kind }) => kind === "counters");
  assert.deepEqual([told[0]?.["inPackets"], told.at(-1)?.["inPackets"], told.at(-1)?.["inBytes"]], [5, 8, 800]);
});

test("a failed worker opens the data plane anew", async (t) => {
  const world = await startWithSnapshot(t);
  world.happen({ kind: "worker-failed", message: "out of memory" });
  await settle();
  assert.equal(world.planes.length, 2);
  assert.equal(world.plane.tunnels.size, 2);
});

test("a data plane that cannot be opened is said once, and tried again", async (t) => {
  const world = new World(t, await makeFolder(t));
  world.refusal = "the data plane needs root";
  await world.agent.start();
  await settle();
  world.broker.send(...snapshot);
  await world.timers.pass(120_000);
  assert.equal(world.journal.names().filter((name) => name === "pop.plane.not-opened").length, 1);
  assert.deepEqual((await world.kernel.listUnreachable()).map(formatPrefix), ["2001:db8:1::/48"]);
  world.refusal = undefined;
  await world.timers.pass(30_000);
  assert.equal(world.agent.status().forwarding, true);
});

test("moves are reported at once, counters with the next sweep", async (t) => {
  const { broker, plane, timers, happen } = await startWithSnapshot(t);
  happen({ kind: "endpoint", id: 1001, endpoint: { ipv4: makeIpv4(0xc633_6407), port: 40_000 }, at: wallSec(1_700_000_000) });
  await timers.pass(200);
  assert.deepEqual(
    broker.batches.map((batch) => batch.observations.map((item) => item["kind"])),
    [["endpoint"]],
  );
  plane.seen.set(1001, { inPackets: 1, lastSeenAt: wallSec(1_700_000_001) });
  await timers.pass(10_200);
  assert.deepEqual(
    broker.batches[1]?.observations.map((item) => item["kind"]),
    ["seen", "counters"],
  );
});

test("a new outer address opens the data plane there", async (t) => {
  const world = await startWithSnapshot(t);
  const outerIpv4 = makeIpv4(0xc000_0207);
  world.broker.send({ type: "change", revision: 6, change: { kind: "pop", pop: { ...testPop, outerIpv4 } } });
  await settle();
  assert.deepEqual(world.opened.at(-1)?.outerIpv4, outerIpv4);
  assert.equal(world.plane.tunnels.size, 2);
});

test("nothing that is logged holds a secret", async (t) => {
  const world = await startWithSnapshot(t);
  world.broker.end();
  await world.timers.pass(60_000);
  const told = JSON.stringify(world.journal.events);
  assert.ok(!told.includes("secret-token") && !told.includes(makeTestTunnel(1001).secret));
});
