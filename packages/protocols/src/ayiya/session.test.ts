import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeIpv6, formatHex, makeIpv4, makeIpv6, makeSeededRandom, monotonicMs, parseHex, wallSec } from "@tombolo/base";
import { aiccuAccepts, makeWorld, perfectLink, sendDatagram, sha1, type DatagramLink, type World } from "@tombolo/testkit";
import { encodeEchoReplyInto, encodeEchoRequest } from "../icmpv6/echo.ts";
import {
  ayiyaClientStart,
  stepAyiyaClient,
  type AyiyaClientEffect,
  type AyiyaClientInput,
  type AyiyaClientTunnel,
} from "./client-session.ts";
import { decodeAyiya } from "./codec.ts";
import type { AyiyaEndpoint } from "./endpoint.ts";
import { ayiyaOpcodes, type AyiyaOpcode } from "./header.ts";
import {
  ayiyaServerStart,
  stepAyiyaServer,
  type AyiyaServerEffect,
  type AyiyaServerInput,
  type AyiyaServerState,
  type AyiyaServerTunnel,
} from "./server-session.ts";
import { deriveAyiyaKey, sealAyiya } from "./sign.ts";

const secret = "f3d47c2de40fb698e1ab15d757a09bfc";
const key = deriveAyiyaKey(secret, sha1);
const client = makeIpv6(0x2001_0db8_02ff_0001_0000_0000_0000_0002n);
const pop = makeIpv6(0x2001_0db8_02ff_0001_0000_0000_0000_0001n);
const home: AyiyaEndpoint = { ipv4: makeIpv4(0xc633_6407), port: 40_001 };
const cafe: AyiyaEndpoint = { ipv4: makeIpv4(0xcb00_7109), port: 1024 };
const victim: AyiyaEndpoint = { ipv4: makeIpv4(0xcb00_71ff), port: 53 };
const startSec = 1_136_073_600;
const clientTunnel: AyiyaClientTunnel = { localAddress: client, remoteAddress: pop, key, heartbeatSec: 60, sha1 };

function popTunnel(change: Partial<AyiyaServerTunnel> = {}): AyiyaServerTunnel {
  return { localAddress: pop, remoteAddress: client, enabled: true, key, heartbeatSec: 60, sha1, random: makeSeededRandom(9), ...change };
}

const clockAt = (ms: number): { nowMs: ReturnType<typeof monotonicMs>; nowSec: ReturnType<typeof wallSec> } => ({
  nowMs: monotonicMs(ms),
  nowSec: wallSec(startSec + Math.floor(ms / 1000)),
});

/** A PoP's end that remembers its state between inputs. */
function makePop(change: Partial<AyiyaServerTunnel> = {}): {
  take(input: AyiyaServerInput, ms: number): readonly AyiyaServerEffect[];
  state(): AyiyaServerState;
} {
  const tunnel = popTunnel(change);
  let state = ayiyaServerStart;
  return {
    take: (input, ms) => {
      const step = stepAyiyaServer(tunnel, state, input, clockAt(ms));
      state = step.state;
      return step.effects;
    },
    state: () => state,
  };
}

const datagram = (from: AyiyaEndpoint, bytes: Uint8Array): AyiyaServerInput => ({ kind: "datagram", from, bytes });
const sealed = (ms: number, opcode: AyiyaOpcode = 0, payload: Uint8Array = new Uint8Array(0)): Uint8Array =>
  sealAyiya({ opcode, nextHeader: payload.length > 0 ? 41 : 59, epochSec: clockAt(ms).nowSec, identity: client, payload }, key, sha1);

/** An inner packet of the client's, `size` bytes. */
function innerOf(size: number): Uint8Array {
  const packet = new Uint8Array(size);
  const payload = new Uint8Array(size - 48);
  encodeEchoRequest(packet, 0, { source: encodeIpv6(client), destination: encodeIpv6(pop), identifier: 1, sequence: 1, payload });
  return packet;
}

/** The client's signed answer to the nonce that is among the effects. */
function proofFor(effects: readonly AyiyaServerEffect[], ms: number): Uint8Array {
  const sent = effects.find((effect) => effect.kind === "send");
  assert.ok(sent?.kind === "send");
  const challenge = decodeAyiya(sent.bytes);
  assert.ok(challenge.ok);
  const reply = new Uint8Array(challenge.value.payload.length);
  assert.equal(encodeEchoReplyInto(reply, 0, challenge.value.payload, 0, reply.length), reply.length);
  return sealed(ms, ayiyaOpcodes.forward, reply);
}

const kinds = (effects: readonly { readonly kind: string }[]): string[] => effects.map(({ kind }) => kind);
const reasons = (effects: readonly AyiyaServerEffect[]): string[] => effects.flatMap((e) => (e.kind === "drop" ? [e.reason] : []));

function provenPop(at = home): ReturnType<typeof makePop> {
  const server = makePop();
  const proof = proofFor(server.take(datagram(at, sealed(0)), 0), 20);
  assert.deepEqual(kinds(server.take(datagram(at, proof), 20)), ["deadline", "moved", "deadline"]);
  assert.equal(server.state().endpoint?.proven, true);
  return server;
}

test("the client beats twice at once, then every interval, data or not", () => {
  let { state, effects } = stepAyiyaClient(clientTunnel, ayiyaClientStart, { kind: "start" }, clockAt(0));
  assert.deepEqual(kinds(effects), ["send", "send", "deadline"]);
  const early = stepAyiyaClient(clientTunnel, state, { kind: "deadline" }, clockAt(59_999));
  assert.deepEqual(early.effects, []);
  state = early.state;
  const due = stepAyiyaClient(clientTunnel, state, { kind: "deadline" }, clockAt(60_000));
  assert.deepEqual(kinds(due.effects), ["send", "deadline"]);
  const asked = stepAyiyaClient(clientTunnel, due.state, { kind: "beat" }, clockAt(70_000));
  assert.deepEqual(asked.effects.at(-1), { kind: "deadline", at: 130_000 });
  assert.throws(() => stepAyiyaClient({ ...clientTunnel, heartbeatSec: 0 }, state, { kind: "start" }, clockAt(0)));
});

test("the client's first beat is the sheet's example A, and its forward example B", () => {
  const { effects } = stepAyiyaClient(clientTunnel, ayiyaClientStart, { kind: "start" }, clockAt(0));
  const [first] = effects;
  assert.ok(first?.kind === "send");
  assert.equal(formatHex(first.bytes), "4152103b43b71b8020010db802ff00010000000000000002e2b6e7d09aaa75056a31fd9175fd589a38278144");
  const packet = new Uint8Array(56);
  const payload = parseHex("5369785853212121");
  assert.ok(payload.ok);
  const wish = { source: encodeIpv6(client), destination: encodeIpv6(pop), identifier: 0x1234, sequence: 1, payload: payload.value };
  encodeEchoRequest(packet, 0, wish);
  const [sent] = stepAyiyaClient(clientTunnel, ayiyaClientStart, { kind: "packet", bytes: packet }, clockAt(0)).effects;
  assert.ok(sent?.kind === "send");
  assert.equal(formatHex(sent.bytes.subarray(24, 44)), "049b564f4c34e1180d118d5eae9f5077f7bbbdae");
});

test("the client tells by how many seconds the PoP's clock is off", () => {
  const late = sealAyiya({ opcode: 1, nextHeader: 59, epochSec: startSec - 200, identity: pop, payload: new Uint8Array(0) }, key, sha1);
  const step = stepAyiyaClient(clientTunnel, ayiyaClientStart, { kind: "datagram", bytes: late }, clockAt(0));
  assert.deepEqual(step.effects, [{ kind: "drop", reason: "clock-off", skewSec: -200 }]);
});

test("a first valid packet brings the tunnel up, unproven, and a nonce goes to it", () => {
  const server = makePop();
  const effects = server.take(datagram(home, sealed(0)), 0);
  assert.deepEqual(kinds(effects), ["deadline", "moved", "send"]);
  assert.deepEqual(server.state().endpoint?.at, home);
  assert.equal(server.state().endpoint?.proven, false);
});

test("an unproven endpoint gets at most three times what came from it", () => {
  const server = makePop();
  const beat = sealed(0);
  const first = server.take(datagram(home, beat), 0);
  let sent = 0;
  for (const effect of first) if (effect.kind === "send") sent += effect.bytes.length;
  for (let i = 0; i < 20; i += 1) {
    for (const effect of server.take({ kind: "packet", bytes: innerOf(48) }, 1)) if (effect.kind === "send") sent += effect.bytes.length;
  }
  assert.ok(sent <= 3 * beat.length, `${sent} bytes for ${beat.length}`);
  assert.deepEqual(reasons(server.take({ kind: "packet", bytes: innerOf(48) }, 2)), ["endpoint-unproven"]);
});

test("the echo of the nonce proves the endpoint and goes no further", () => {
  const server = provenPop();
  assert.deepEqual(kinds(server.take({ kind: "packet", bytes: innerOf(1280) }, 30)), ["send"]);
  assert.deepEqual(kinds(server.take(datagram(home, sealed(40, 1, innerOf(100))), 40)), ["deadline", "deliver"]);
});

test("an echo of another nonce, or out of another source, proves nothing", () => {
  const server = makePop();
  const effects = server.take(datagram(home, sealed(0)), 0);
  const proof = proofFor(effects, 10);
  const other = sealed(10, 1, innerOf(64));
  server.take(datagram(home, other), 10);
  assert.equal(server.state().endpoint?.proven, false);
  server.take(datagram(cafe, proof), 20);
  assert.equal(server.state().endpoint?.proven, false);
});

test("everything that aiccu gets from the PoP it accepts: nonces and data carry opcode 1", () => {
  const server = makePop();
  const sent = [...server.take(datagram(home, sealed(0)), 0), ...provenPop().take({ kind: "packet", bytes: innerOf(200) }, 30)];
  const bytes = sent.flatMap((effect) => (effect.kind === "send" ? [effect.bytes] : []));
  assert.equal(bytes.length, 2);
  for (const packet of bytes) assert.equal(aiccuAccepts(packet, { pop: encodeIpv6(pop), secret, nowSec: startSec }), true);
});

test("traffic follows a client that roams once it has answered from there, and not before", () => {
  const server = provenPop();
  const arrived = server.take(datagram(cafe, sealed(5000)), 5000);
  assert.deepEqual(kinds(arrived), ["send"]);
  const [stays] = server.take({ kind: "packet", bytes: innerOf(100) }, 5001);
  assert.ok(stays?.kind === "send");
  assert.deepEqual(stays.to, home);
  const moved = server.take(datagram(cafe, proofFor(arrived, 5050)), 5050);
  assert.deepEqual(
    moved.filter(({ kind }) => kind === "moved"),
    [{ kind: "moved", to: cafe, proven: true }],
  );
  const [goes] = server.take({ kind: "packet", bytes: innerOf(100) }, 5100);
  assert.ok(goes?.kind === "send");
  assert.deepEqual(goes.to, cafe);
});

test("a nonce that took longer than a second to come back still counts", () => {
  const server = provenPop();
  const arrived = server.take(datagram(cafe, sealed(5000)), 5000);
  server.take(datagram(cafe, sealed(6500)), 6500);
  server.take(datagram(cafe, sealed(8000)), 8000);
  server.take(datagram(cafe, proofFor(arrived, 8200)), 8200);
  assert.deepEqual(server.state().endpoint?.at, cafe);
});

test("a replay from another address moves nothing and is not delivered", () => {
  const server = provenPop();
  const captured = sealed(1000, 1, innerOf(100));
  assert.deepEqual(kinds(server.take(datagram(home, captured), 1000)), ["deadline", "deliver"]);
  assert.deepEqual(server.take(datagram(victim, captured), 1100), [{ kind: "drop", reason: "replayed", verified: true }]);
  assert.equal(server.state().candidate, undefined);
});

test("duplicates from the current endpoint pass: aiccu sends identical beats and identical packets within a second", () => {
  const server = provenPop();
  const twice = sealed(1000, 1, innerOf(100));
  for (let i = 0; i < 2; i += 1) assert.deepEqual(kinds(server.take(datagram(home, twice), 1000)), ["deadline", "deliver"]);
});

test("the two identical beats of an aiccu that starts elsewhere are no replay of each other", () => {
  const server = provenPop();
  const beat = sealed(5000);
  assert.deepEqual(kinds(server.take(datagram(cafe, beat), 5000)), ["send"]);
  assert.deepEqual(server.take(datagram(cafe, beat), 5001), []);
});

test("a packet older than the last move does not move the tunnel back", () => {
  const server = provenPop();
  server.take(datagram(cafe, proofFor(server.take(datagram(cafe, sealed(9000)), 9000), 9010)), 9010);
  assert.deepEqual(reasons(server.take(datagram(home, sealed(8000)), 9020)), ["move-stale"]);
  assert.deepEqual(server.state().endpoint?.at, cafe);
});

test("an older candidate does not push a newer one out", () => {
  const server = provenPop();
  server.take(datagram(cafe, sealed(9000)), 9000);
  assert.deepEqual(reasons(server.take(datagram(victim, sealed(7000)), 9001)), ["move-stale"]);
  assert.deepEqual(server.state().candidate?.at, cafe);
});

test("an endpoint silent for two intervals gives way at once, but the new one stays capped until proven", () => {
  const server = provenPop();
  const effects = server.take(datagram(cafe, sealed(120_020)), 120_020);
  assert.deepEqual(
    effects.filter(({ kind }) => kind === "moved"),
    [{ kind: "moved", to: cafe, proven: false }],
  );
  assert.deepEqual(reasons(server.take({ kind: "packet", bytes: innerOf(1280) }, 120_030)), ["endpoint-unproven"]);
});

test("three missed intervals, and not fewer, make the tunnel silent", () => {
  const server = provenPop();
  assert.deepEqual(server.take({ kind: "deadline" }, 180_019), []);
  assert.deepEqual(kinds(server.take({ kind: "deadline" }, 180_020)), ["deadline", "silent"]);
  assert.deepEqual(reasons(server.take({ kind: "packet", bytes: innerOf(100) }, 180_021)), ["no-endpoint"]);
});

test("an echo request is answered with opcode 4, to a proven endpoint only, and opcode 3 is delivered too", () => {
  const fresh = makePop();
  assert.deepEqual(kinds(fresh.take(datagram(home, sealed(0, ayiyaOpcodes.echoRequest)), 0)), ["deadline", "moved", "send"]);
  const server = provenPop();
  const effects = server.take(datagram(home, sealed(100, ayiyaOpcodes.echoRequestAndForward, innerOf(60))), 100);
  assert.deepEqual(kinds(effects), ["deadline", "deliver", "send"]);
  const answer = effects.at(-1);
  assert.ok(answer?.kind === "send");
  const decoded = decodeAyiya(answer.bytes);
  assert.ok(decoded.ok);
  assert.equal(decoded.value.opcode, ayiyaOpcodes.echoResponse);
  assert.equal(formatHex(decoded.value.payload), formatHex(innerOf(60)));
});

test("a forward of nothing refreshes the tunnel and is counted", () => {
  assert.deepEqual(reasons(provenPop().take(datagram(home, sealed(100, 1)), 100)), ["forward-empty"]);
});

test("a disabled tunnel takes and gives nothing, and what anybody may have sent is not held against it", () => {
  const server = makePop({ enabled: false });
  const refused = [{ kind: "drop", reason: "tunnel-disabled", verified: false }];
  assert.deepEqual(server.take(datagram(home, sealed(0)), 0), refused);
  assert.deepEqual(reasons(server.take({ kind: "packet", bytes: innerOf(60) }, 0)), ["tunnel-disabled"]);
});

interface Played {
  readonly delivered: { client: number; pop: number };
  readonly drops: string[];
  moveTo(endpoint: AyiyaEndpoint): void;
  inject(input: AyiyaClientInput): void;
  push(packet: Uint8Array): void;
  endpoint(): AyiyaEndpoint | undefined;
  proven(): boolean;
}

/** Both roles over a bad path, with a client host that answers pings as SixXS asked of everybody. */
function play(world: World, link: DatagramLink): Played {
  const server = popTunnel({ random: makeSeededRandom(world.seed) });
  const delivered = { client: 0, pop: 0 };
  const drops: string[] = [];
  let address = home;
  let clientState = ayiyaClientStart;
  let serverState = ayiyaServerStart;
  const clock = () => ({ nowMs: world.nowMs(), nowSec: world.nowSec() });
  const runServer = (effects: readonly AyiyaServerEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === "deliver") delivered.pop += 1;
      else if (effect.kind === "drop") drops.push(effect.reason);
      else if (effect.kind === "send") {
        const { to } = effect;
        sendDatagram(world, link, effect.bytes, (bytes) => {
          if (to === address) inject({ kind: "datagram", bytes });
        });
      }
    }
  };
  const toServer = (input: AyiyaServerInput): void => {
    const step = stepAyiyaServer(server, serverState, input, clock());
    serverState = step.state;
    runServer(step.effects);
  };
  const runClient = (effect: AyiyaClientEffect): void => {
    if (effect.kind === "drop") drops.push(effect.reason);
    else if (effect.kind === "deadline") world.after(effect.at - world.nowMs(), () => inject({ kind: "deadline" }));
    else if (effect.kind === "send") {
      const from = address;
      sendDatagram(world, link, effect.bytes, (bytes) => toServer({ kind: "datagram", from, bytes }));
    } else {
      delivered.client += 1;
      const reply = new Uint8Array(effect.packet.length);
      const length = encodeEchoReplyInto(reply, 0, effect.packet, 0, reply.length);
      if (length > 0) inject({ kind: "packet", bytes: reply });
    }
  };
  const inject = (input: AyiyaClientInput): void => {
    const step = stepAyiyaClient(clientTunnel, clientState, input, clock());
    clientState = step.state;
    for (const effect of step.effects) runClient(effect);
  };
  return {
    delivered,
    drops,
    moveTo: (endpoint) => {
      address = endpoint;
    },
    inject,
    push: (bytes) => toServer({ kind: "packet", bytes }),
    endpoint: () => serverState.endpoint?.at,
    proven: () => serverState.endpoint?.proven ?? false,
  };
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`client and PoP find each other over loss, duplicates and reorder, and again after roaming (seed ${seed})`, () => {
    const world = makeWorld({ seed, startSec });
    const bad = { ...perfectLink, jitterMs: 400, lossPercent: 20, duplicatePercent: 20 };
    const played = play(world, bad);
    played.inject({ kind: "start" });
    for (let i = 0; i < 100; i += 1) world.after(1000 + i * 500, () => played.inject({ kind: "packet", bytes: innerOf(100) }));
    world.run(60_000);
    assert.deepEqual(played.endpoint(), home);
    assert.equal(played.proven(), true);
    assert.ok(played.delivered.pop > 50, `${played.delivered.pop} of 100 delivered`);
    played.moveTo(cafe);
    for (let i = 0; i < 100; i += 1) world.after(1000 + i * 500, () => played.inject({ kind: "packet", bytes: innerOf(100) }));
    world.run(120_000);
    assert.deepEqual(played.endpoint(), cafe);
    assert.equal(played.proven(), true);
  });
}

test("a client whose clock jumps by more than the window is told apart from one with a wrong key", () => {
  const world = makeWorld({ seed: 1, startSec });
  const played = play(world, perfectLink);
  played.inject({ kind: "start" });
  world.run(1000);
  assert.equal(played.proven(), true);
  const held = sealed(1000);
  world.jumpWall(300);
  const late = stepAyiyaServer(popTunnel(), ayiyaServerStart, datagram(home, held), { nowMs: world.nowMs(), nowSec: world.nowSec() });
  assert.deepEqual(late.effects, [{ kind: "drop", reason: "clock-off", verified: false, skewSec: -300 }]);
});
