import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { formatIpv4, formatIpv6, makeIpv4, makeIpv6, monotonicMs, wallSec, type Ipv4Address } from "@tombolo/base";
import { MemoryWire, openMemoryPlane, type DataPlane } from "@tombolo/dataplane";
import { makeTicServer, stepTicServer, type SessionInput, type TicAnswer, type TicQuestion, type TicTunnel } from "@tombolo/protocols";
import type { Failure } from "../failure/failure.ts";
import { MemoryPlatform } from "../platform/memory.ts";
import { ayiyaPort } from "../tic/grant.ts";
import { fetchGrant } from "../tic/login.ts";
import { ClientRun, type RunNote } from "./client-run.ts";
import { monotonicClock, wallClock } from "./clocks.ts";
import { makeStatus } from "./status.ts";

// The whole client but for the kernel: TIC over a real loopback connection against the protocols' own server session, packets between two
// memory data planes, a platform in memory, and a clock on which a tick takes two milliseconds.

test("up: login, interface, address, route and MTU, proven by the PoP's answer; stop takes all of it down", async (t) => {
  const world = await World.open(t);
  const run = world.start({});
  await world.seen("proven");
  assert.deepEqual(world.kinds(), ["login", "granted", "configured", "checking", "proven"]);
  const link = await world.platform.readLink("tmb0");
  assert.deepEqual(
    [link?.up, link?.mtuBytes, link?.defaultRouteMetrics, link?.addresses.map((held) => formatIpv6(held.address))],
    [true, 1280, [2048], ["2001:db8:1::2"]],
  );
  const status = makeStatus(run.view(), { device: "tmb0", pid: 1, program: "tombolo/0" });
  assert.deepEqual([status.state, status.tunnel?.popEndpoint, status.source], ["up", "192.0.2.1:5072", "10.0.0.2"]);
  assert.ok((status.counters?.inPackets ?? 0) > 0);
  assert.ok(!JSON.stringify(status).includes(tunnel.password), "a status holds no secret");
  run.stop();
  assert.equal(await world.ending, undefined);
  assert.equal(await world.platform.readLink("tmb0"), undefined);
});

test("a device that somebody sets down gets its address and route back, which is said, and status tells it", async (t) => {
  const world = await World.open(t);
  const run = world.start({});
  await world.seen("proven");
  const whole = await world.platform.readLink("tmb0");
  world.platform.takeDown("tmb0");
  await world.seen("repaired");
  assert.deepEqual(await world.platform.readLink("tmb0"), whole);
  const status = makeStatus(run.view(), { device: "tmb0", pid: 1, program: "tombolo/0" });
  assert.deepEqual([status.state, status.repair?.damage, status.failure], ["up", ["up", "address", "default-route"], null]);
});

test("a device that cannot be mended is said once, and is the trouble that status tells until it is mended", async (t) => {
  const world = await World.open(t);
  const run = world.start({});
  const look = (): string | undefined => makeStatus(run.view(), { device: "tmb0", pid: 1, program: "tombolo/0" }).failure?.code;
  await world.seen("proven");
  world.platform.takeDown("tmb0");
  world.platform.addOtherRoute({ device: "eth0", metric: 2048 });
  await world.seen("repaired");
  await world.passes(60);
  assert.deepEqual([look(), world.kinds().filter((kind) => kind === "repaired").length], ["system-refused", 1]);
  world.platform.removeOtherRoute("eth0");
  await world.until(() => look() === undefined);
});

test("status warns of a native default route that comes first, also of one that came later, until it goes", async (t) => {
  const world = await World.open(t);
  const run = world.start({});
  const look = (): unknown => makeStatus(run.view(), { device: "tmb0", pid: 1, program: "tombolo/0" }).outrankedBy;
  await world.seen("proven");
  world.platform.addOtherRoute({ device: "eth0", metric: 1024 });
  await world.until(() => look() !== null);
  assert.deepEqual(look(), { device: "eth0", metric: 1024 });
  world.platform.removeOtherRoute("eth0");
  await world.until(() => look() === null);
});

test("a device that is taken away is named, and a client that keeps trying makes it anew with address, route and tunnel", async (t) => {
  const once = await World.open(t);
  once.start({});
  await once.seen("proven");
  once.platform.removeDevice("tmb0");
  assert.deepEqual(await once.ending, { code: "plane-failed", message: "the interface tmb0 was taken away" });

  const world = await World.open(t);
  world.start({ keepTrying: true });
  await world.seen("proven");
  const whole = await world.platform.readLink("tmb0");
  world.platform.removeDevice("tmb0");
  await world.until(() => world.kinds().filter((kind) => kind === "proven").length === 2);
  assert.deepEqual(await world.platform.readLink("tmb0"), whole);
});

test("the PoP follows a client whose own IPv4 address changes, and the client says so", async (t) => {
  const world = await World.open(t);
  world.start({});
  await world.seen("proven");
  world.clientIpv4 = makeIpv4(0x0a000163);
  await world.seen("moved");
  await world.until(() => world.pop.counters(1001)?.endpoint?.ipv4.value === world.clientIpv4.value);
});

test("a PoP whose address changes is found again by asking the broker after a long silence", async (t) => {
  const world = await World.open(t);
  world.start({});
  await world.seen("proven");
  world.popIpv4 = makeIpv4(0xc0000209);
  await world.seen("silent");
  world.tunnels[0] = { ...tunnel, popIpv4: world.popIpv4 };
  await world.seen("changed");
  await world.seen("answers-again");
});

const refusals: readonly { what: string; world?: (world: World) => void; run?: Partial<RunWish>; code: Failure["code"] }[] = [
  { what: "a wrong key", run: { key: "not-the-key" }, code: "wrong-key" },
  { what: "a user that does not exist is a wrong key too", run: { handle: "NO1-TMB" }, code: "wrong-key" },
  { what: "a clock that is off", world: (world) => (world.serverAheadSec = 437), code: "clock-off" },
  { what: "no tunnel", world: (world) => world.tunnels.pop(), code: "no-tunnel" },
  { what: "several tunnels", world: (world) => world.tunnels.push({ ...tunnel, id: "T1002" }), code: "several-tunnels" },
  { what: "a tunnel that is not there", run: { tunnel: 77 }, code: "tunnel-not-found" },
  { what: "a disabled tunnel", world: (world) => (world.tunnels[0] = { ...tunnel, userState: "disabled" }), code: "tunnel-disabled" },
  { what: "a PoP that is down", world: (world) => (world.popIsDown = true), code: "pop-down" },
  { what: "a PoP that does not answer", world: (world) => (world.popIpv4 = makeIpv4(0)), code: "unanswered" },
  {
    what: "a secret that the PoP does not share",
    world: (world) => (world.tunnels[0] = { ...tunnel, password: "another" }),
    code: "unanswered",
  },
  { what: "a TIC server that is not there", run: { portOffset: 1 }, code: "server-unreachable" },
  {
    what: "a host that lacks the right",
    world: (world) => (world.platform.obstacle = { kind: "no-permission", what: "x" }),
    code: "no-permission",
  },
  { what: "a device of that name", world: (world) => world.platform.addDevice("tmb0"), code: "device-busy" },
  {
    what: "another default route of the same metric",
    world: (world) => world.platform.addOtherRoute({ device: "eth0", metric: 2048 }),
    code: "system-refused",
  },
];

for (const refusal of refusals) {
  test(`${refusal.what} ends it as ${refusal.code}`, async (t) => {
    const world = await World.open(t);
    refusal.world?.(world);
    world.start(refusal.run ?? {});
    const ending = await world.ending;
    assert.equal(ending?.code, refusal.code, JSON.stringify(ending));
    assert.equal(world.isOpen, false, "no data plane stays open");
  });
}

test("the clock's error is told in seconds and with its sign", async (t) => {
  const world = await World.open(t);
  world.serverAheadSec = 437;
  world.start({});
  const ending = await world.ending;
  const skewSec = ending?.code === "clock-off" ? ending.skewSec : 0;
  assert.ok(Math.abs(skewSec - 437) <= 2, `${skewSec} s: theirs minus ours`);
});

test("with several tunnels the one that is named is taken", async (t) => {
  const world = await World.open(t);
  world.tunnels.push({ ...tunnel, id: "T1002" });
  world.start({ tunnel: 1001 });
  await world.seen("proven");
});

test("a client that keeps trying outlives a PoP that is down and a network that is not there yet", async (t) => {
  const world = await World.open(t);
  world.popIsDown = true;
  world.start({ keepTrying: true });
  await world.seen("waiting");
  world.popIsDown = false;
  await world.seen("proven");
});

test("a heartbeat tunnel beats before it asks, each interval, and at once from a new address", async (t) => {
  const world = await World.open(t);
  world.use("6in4-heartbeat");
  const run = world.start({});
  await world.seen("proven");
  const status = makeStatus(run.view(), { device: "tmb0", pid: 1, program: "tombolo/0" });
  assert.deepEqual([status.tunnel?.encapsulation, status.tunnel?.popEndpoint], ["6in4-heartbeat", "192.0.2.1"]);
  const first = world.beats[0]?.[1] ?? 0;
  await world.until(() => world.beats.length >= 4);
  const gaps = world.beats.slice(1).map(([, at], i) => at - (world.beats[i]?.[1] ?? 0));
  assert.ok(first > 0 && gaps.every((gap) => gap >= 1 && gap <= 61), `beats ${gaps.join(" ")} s apart`);
  const before = world.beats.length;
  world.clientIpv4 = makeIpv4(0x0a000163);
  await world.seen("moved");
  await world.until(() => world.beats.length > before && world.pop.counters(1001)?.endpoint?.ipv4.value === 0x0a000163);
});

test("a static tunnel is only set up, sends no beat, and is proven like the others", async (t) => {
  const world = await World.open(t);
  world.use("6in4-static");
  world.start({});
  await world.seen("proven");
  assert.deepEqual(world.beats, []);
});

test("a static tunnel whose broker has another address ends as unanswered and names that address", async (t) => {
  const world = await World.open(t);
  world.use("6in4-static");
  world.clientIpv4 = makeIpv4(0xc6336401);
  world.start({});
  const ending = await world.ending;
  assert.equal(ending?.code, "unanswered");
  assert.deepEqual(ending.code === "unanswered" && [ending.type, ending.expectedSource], ["6in4-static", makeIpv4(0x0a000002)]);
});

test("a tunnel whose type is changed at the broker goes on over the other encapsulation, with its address", async (t) => {
  const world = await World.open(t);
  world.use("6in4-static");
  world.start({});
  await world.seen("proven");
  world.use("ayiya");
  await world.seen("changed");
  await world.seen("answers-again");
  const link = await world.platform.readLink("tmb0");
  assert.deepEqual(
    link?.addresses.map((held) => formatIpv6(held.address)),
    ["2001:db8:1::2"],
  );
});

test("beats that are switched off stay away, and with them all questions; switched on, the tunnel is asked at once", async (t) => {
  const world = await World.open(t);
  world.use("6in4-heartbeat");
  const run = world.start({ beating: false });
  await world.seen("beating");
  await world.passes(300);
  assert.deepEqual([world.beats.length, world.kinds().includes("silent")], [0, false]);
  run.toggleBeats();
  await world.seen("proven");
  run.toggleBeats();
  const beats = world.beats.length;
  await world.passes(300);
  assert.equal(world.beats.length, beats);
});

test("a PoP that goes down is named with how long it is missed, and the tunnel comes back by itself when the PoP does", async (t) => {
  const world = await World.open(t);
  world.start({});
  await world.seen("proven");
  world.popIsDown = true;
  world.popIpv4 = makeIpv4(0);
  await world.seen("waiting");
  const waiting = world.notes.find((note) => note.kind === "waiting");
  const failure = waiting?.kind === "waiting" && waiting.failure.code === "pop-down" ? waiting.failure : undefined;
  assert.equal(failure?.pop, "nlams01");
  assert.ok((failure?.silentSec ?? 0) >= 90, JSON.stringify(failure));
  world.popIpv4 = tunnel.popIpv4;
  await world.seen("answers-again");
});

const key = "a-long-and-random-access-key";
const tunnel: TicTunnel = {
  id: "T1001",
  type: "ayiya",
  clientAddress: makeIpv6(0x20010db8000100000000000000000002n),
  popAddress: makeIpv6(0x20010db8000100000000000000000001n),
  prefixLengthBits: 64,
  popName: "nlams01",
  ipv4Endpoint: "ayiya",
  popIpv4: makeIpv4(0xc0000201),
  userState: "enabled",
  adminState: "enabled",
  password: "0123456789abcdef0123456789abcdef",
  heartbeatSec: 60,
  mtuBytes: 1280,
};

interface RunWish {
  readonly key: string;
  readonly handle: string;
  readonly tunnel: number;
  readonly portOffset: number;
  readonly keepTrying: boolean;
  readonly beating: boolean;
}

const tickRealMs = 2;

/** A broker, a PoP and one client, joined by an IPv4 network in which `popIpv4` is where the PoP can be reached. */
class World {
  readonly platform = new MemoryPlatform();
  readonly tunnels: TicTunnel[] = [tunnel];
  readonly notes: RunNote[] = [];
  /** Heartbeats: where to and when. */
  readonly beats: [string, number][] = [];
  readonly pop: DataPlane;
  clientIpv4: Ipv4Address = makeIpv4(0x0a000002);
  popIpv4: Ipv4Address = tunnel.popIpv4;
  popIsDown = false;
  serverAheadSec = 0;
  isOpen = false;
  ending: Promise<Failure | undefined> = Promise.resolve(undefined);
  readonly #server: Server;
  readonly #wires = { client: new MemoryWire(), pop: new MemoryWire() };
  #nowMs = 1_000_000;
  #run: ClientRun | undefined;

  static async open(t: TestContext): Promise<World> {
    const world = new World();
    const listening = Promise.withResolvers<void>();
    world.#server.listen(0, "127.0.0.1", () => listening.resolve());
    await listening.promise;
    t.after(() => world.#close());
    return world;
  }

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
    this.pop = this.#openPlane("pop", this.#wires.pop, () => {});
    this.use("ayiya");
  }

  /** Makes the tunnel one of this type, at broker and PoP. */
  use(type: TicTunnel["type"]): void {
    const ipv4Endpoint = { ayiya: "ayiya", "6in4-heartbeat": "heartbeat", "6in4-static": this.clientIpv4 } as const;
    this.tunnels[0] = { ...tunnel, type, ipv4Endpoint: ipv4Endpoint[type] };
    this.#setAtPop(type, type === "6in4-static" ? this.clientIpv4 : undefined);
  }

  #setAtPop(type: TicTunnel["type"], endpoint: Ipv4Address | undefined): void {
    const { clientAddress, popAddress, mtuBytes } = tunnel;
    this.pop.set({
      id: 1001,
      encapsulation: type === "ayiya" ? "ayiya" : "6in4",
      enabled: true,
      localAddress: popAddress,
      remoteAddress: clientAddress,
      prefixes: [{ address: makeIpv6(0x20010db8000100000000000000000000n), lengthBits: 64 }],
      mtuBytes,
      secret: type === "ayiya" ? Buffer.from(tunnel.password) : undefined,
      endpoint: endpoint === undefined ? undefined : { ipv4: endpoint, port: 0 },
      endpointFixed: endpoint !== undefined,
      beatSec: 0,
    });
  }

  start(wish: Partial<RunWish>): ClientRun {
    const address = this.#server.address();
    assert.ok(typeof address === "object" && address !== null);
    const server = { host: "127.0.0.1", port: wish.portOffset === undefined ? address.port : 1 };
    const user = { handle: wish.handle ?? "ABC1-TMB", tunnel: undefined };
    const login = { server, user, key: wish.key ?? key, tls: "prefer", monotonic: monotonicClock, wall: wallClock } as const;
    this.#run = new ClientRun({
      device: "tmb0",
      defaultRouteMetric: 2048,
      platform: this.platform,
      openPlane: (_, onEvent) => Promise.resolve(this.#openClient(onEvent)),
      login: (signal) => fetchGrant(login, wish.tunnel, signal),
      findSource: () => Promise.resolve(this.clientIpv4),
      monotonic: { nowMs: () => monotonicMs(this.#nowMs) },
      wall: { nowSec: () => wallSec(Math.floor(this.#nowMs / 1000)) },
      after: (delayMs, run) => this.#after(delayMs, run),
      supervisor: { keepTrying: wish.keepTrying ?? false, spread: 0.5 },
      beating: wish.beating ?? true,
      localIpv4: undefined,
      // What the PoP's heartbeat listener comes to.
      sendBeat: (grant, at) => {
        this.beats.push([formatIpv4(grant.popIpv4), at]);
        this.#setAtPop(grant.type, this.clientIpv4);
      },
      onNote: (note) => void this.notes.push(note),
    });
    this.ending = this.#run.run();
    return this.#run;
  }

  kinds(): string[] {
    return this.notes.map((note) => note.kind);
  }

  async seen(kind: RunNote["kind"]): Promise<void> {
    await this.until(() => this.notes.some((note) => note.kind === kind));
  }

  async until(condition: () => boolean): Promise<void> {
    let ended: string | undefined;
    void this.ending.then((failure) => (ended = JSON.stringify(failure ?? null)));
    while (!condition()) {
      assert.equal(ended, undefined, `it ended early, after ${this.kinds().join(" ")}`);
      await new Promise((resolve) => void setTimeout(resolve, tickRealMs));
    }
  }

  /** Lets so much of the world's time go by. */
  async passes(seconds: number): Promise<void> {
    const until = this.#nowMs + seconds * 1000;
    await this.until(() => this.#nowMs >= until);
  }

  async #close(): Promise<void> {
    this.#run?.stop();
    await this.ending;
    await this.pop.close();
    this.#server.close();
  }

  #after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(() => {
      this.#nowMs += delayMs;
      run();
      this.#carry();
    }, tickRealMs);
    return () => clearTimeout(timer);
  }

  #openClient(onEvent: Parameters<typeof openMemoryPlane>[2]): DataPlane {
    this.platform.addDevice("tmb0");
    this.isOpen = true;
    const plane = this.#openPlane("client", this.#wires.client, onEvent);
    const close = plane.close.bind(plane);
    plane.close = async () => {
      await close();
      this.platform.removeDevice("tmb0");
      this.isOpen = false;
    };
    return plane;
  }

  #openPlane(role: "client" | "pop", wire: MemoryWire, onEvent: Parameters<typeof openMemoryPlane>[2]): DataPlane {
    const parts = {
      wire,
      wall: { nowSec: () => wallSec(Math.floor(this.#nowMs / 1000)) },
      monotonic: { nowMs: () => monotonicMs(this.#nowMs) },
      random: (length: number) => randomBytes(length),
      repeat: () => () => {},
    };
    return openMemoryPlane({ role, capacity: 4 }, parts, onEvent);
  }

  /** The IPv4 network: what one end sent arrives at the other, if it went to where that one is. */
  #carry(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const packet of this.#wires.client.takeSent()) {
        const isBare = packet.kind === "proto41";
        if (packet.ip !== this.popIpv4.value || packet.port !== (isBare ? 0 : ayiyaPort)) continue;
        this.#wires.pop.arrive({ ...packet, ip: this.clientIpv4.value, port: isBare ? 0 : 40_000 });
        moved = true;
      }
      for (const packet of this.#wires.pop.takeSent()) {
        const isBare = packet.kind === "proto41";
        if (packet.ip !== this.clientIpv4.value || packet.port !== (isBare ? 0 : 40_000)) continue;
        this.#wires.client.arrive({ ...packet, ip: this.popIpv4.value, port: isBare ? 0 : ayiyaPort });
        moved = true;
      }
    }
  }

  #serve(socket: Socket): void {
    const options = {
      greeting: "Test TIC",
      tls: false,
      showNeedsTls: false,
      md5: (bytes: Uint8Array) => createHash("md5").update(bytes).digest(),
      random: (length: number) => randomBytes(length),
      wallClock: { nowSec: () => wallSec(wallClock.nowSec() + this.serverAheadSec) },
    };
    let state = makeTicServer(monotonicMs(0));
    let nowMs = 0;
    const give = (input: SessionInput<TicAnswer>): void => {
      const step = stepTicServer(options, state, input, monotonicMs(nowMs));
      state = step.state;
      for (const effect of step.effects) {
        if (effect.kind === "send") socket.write(effect.bytes);
        else if (effect.kind === "close") socket.end();
        else if (effect.kind === "ask") give({ kind: "answer", answer: this.#answer(effect.question) });
      }
      // A failed login's reply is held back for a second, which nobody needs to wait for here.
      if (state.waiting?.kind === "delay") {
        nowMs = state.waiting.untilMs;
        give({ kind: "deadline" });
      }
    };
    socket.on("data", (bytes: Buffer) => give({ kind: "bytes", bytes }));
    socket.on("error", () => socket.destroy());
    give({ kind: "start" });
  }

  #answer(question: TicQuestion): TicAnswer {
    switch (question.kind) {
      case "keys":
        return { kind: "keys", keys: question.username.handle === "ABC1-TMB" ? [key] : [] };
      case "tunnels":
        return { kind: "tunnels", tunnels: this.tunnels };
      case "tunnel": {
        if (this.popIsDown) return { kind: "refused", refusal: "pop-down", detail: "nlams01, since 2026-11-20 09:30 UTC, new disk" };
        const found = this.tunnels.find((candidate) => candidate.id === question.id);
        return found === undefined ? { kind: "refused", refusal: "tunnel-not-found" } : { kind: "tunnel", tunnel: found };
      }
      default:
        return { kind: "refused", refusal: "internal", detail: formatIpv4(this.popIpv4) };
    }
  }
}
