import assert from "node:assert/strict";
import test from "node:test";
import { encodeLatin1, makeIpv4, makeIpv6, monotonicMs, wallSec, type Ipv4Address } from "@tombolo/base";
import { makeBeat } from "@tombolo/protocols";
import { HandTimers } from "../../test/by-hand.ts";
import { md5 } from "../../test/digests.ts";
import { PlayedPlane } from "../../test/played-plane.ts";
import { makeTestTunnel, testPop } from "../../test/states.ts";
import type { DesiredTunnel } from "../state/desired.ts";
import { BeatDesk, mayBeClient, type ReceivedBeat } from "./beat-desk.ts";

const home = makeIpv4(0xc633_6407);
const elsewhere = makeIpv4(0xc633_6408);

class World {
  readonly timers = new HandTimers();
  readonly plane = new PlayedPlane();
  readonly heard: ReceivedBeat[] = [];
  readonly tunnels = new Map<string, DesiredTunnel>();
  readonly desk: BeatDesk;

  constructor(...tunnels: readonly DesiredTunnel[]) {
    for (const tunnel of tunnels) this.tunnels.set(tunnel.id, tunnel);
    this.desk = new BeatDesk({
      md5,
      wall: this.timers,
      monotonic: { nowMs: () => monotonicMs(this.timers.nowMs) },
      held: () => ({ revision: 1, pop: testPop, tunnels: this.tunnels }),
      plane: () => this.plane,
      onBeat: (beat) => void this.heard.push(beat),
    });
    this.desk.stateChanged("all");
  }

  /** A beat of tunnel `n`, signed right. */
  beat(n: number, timeSec: number = this.timers.nowSec()): Uint8Array {
    const { clientAddress: address, secret: password } = makeTestTunnel(n);
    return makeBeat({ address, sender: "sender", nowSec: wallSec(timeSec), password }, md5);
  }

  /** "taken", or why not. */
  take(bytes: Uint8Array, source: Ipv4Address = home): string {
    this.desk.take(bytes, source, 40_000);
    return this.heard.at(-1)?.refusal ?? "taken";
  }
}

const heartbeat = (n: number, changes: Partial<DesiredTunnel> = {}): DesiredTunnel =>
  makeTestTunnel(n, { encapsulation: "heartbeat", ...changes });

test("a good beat tells the data plane the datagram's source and the beat's time", () => {
  const world = new World(heartbeat(1));
  const nowSec = world.timers.nowSec();
  assert.equal(world.take(world.beat(1, nowSec - 3)), "taken");
  assert.deepEqual(world.plane.calls, [`propose 1 c6336407 ${nowSec - 3}`]);
  assert.equal(world.heard[0]?.number, 1);
});

test("every beat of the present endpoint is told, for it keeps the tunnel alive", () => {
  const world = new World(heartbeat(1));
  world.take(world.beat(1));
  world.take(world.beat(1));
  assert.equal(world.plane.calls.length, 2);
});

test("what is refused moves nothing: disabled, of another kind, unknown, replayed, late, forged, a clock off", async () => {
  const world = new World(heartbeat(1), heartbeat(2, { enabled: false }), makeTestTunnel(3));
  world.take(world.beat(1));
  const moves = world.plane.calls.length;
  const nowSec = world.timers.nowSec();
  const forged = world.beat(1, nowSec + 1);
  forged.set(encodeLatin1("0"), forged.length - 1);
  forged.set(encodeLatin1("1"), forged.length - 2);
  assert.deepEqual(
    [
      world.take(world.beat(2)),
      world.take(world.beat(3)),
      world.take(world.beat(9)),
      world.take(world.beat(1), elsewhere),
      world.take(world.beat(1, nowSec - 60), elsewhere),
      world.take(forged),
      world.take(world.beat(1, nowSec - 121)),
      world.take(new Uint8Array(60_000)),
      world.take(encodeLatin1("HEARTBEAT TUNNEL 2001:db8:1:1::2 192.0.2.99 1 0")),
    ],
    [
      "tunnel-disabled",
      "tunnel-not-heartbeat",
      "tunnel-unknown",
      "replayed",
      "move-stale",
      "digest-wrong",
      "clock-off",
      "too-long",
      "sender-mismatch",
    ],
  );
  assert.equal(world.plane.calls.length, moves);
  assert.deepEqual(
    world.heard.map(({ number }) => number),
    [1, 2, 3, undefined, 1, 1, 1, 1, undefined, 1],
  );
});

test("beats from private and reserved addresses, and from the PoP's own, are refused before they are hashed", () => {
  const world = new World(heartbeat(1));
  for (const source of [0x0a00_0001, 0xac10_0001, 0xc0a8_0101, 0x6440_0001, 0xa9fe_0001, 0x7f00_0001, 0xe000_0001, testPop.outerIpv4.value])
    assert.equal(world.take(world.beat(1), makeIpv4(source)), "source-refused", source.toString(16));
  assert.deepEqual(world.plane.calls, []);
});

test("a PoP with a private address serves a private network", () => {
  const own = makeIpv4(0x0a00_0001);
  assert.equal(mayBeClient(makeIpv4(0xc0a8_0101), own), true);
  assert.equal(mayBeClient(own, own), false);
});

test("a source that sends one bad digest after the other is not hashed any more, and another source is", () => {
  const world = new World(heartbeat(1), heartbeat(2));
  const forged = world.beat(1);
  forged.set(encodeLatin1("!"), 0);
  const wrong = makeBeat(
    { address: makeTestTunnel(1).clientAddress, sender: "sender", nowSec: world.timers.nowSec(), password: "another" },
    md5,
  );
  const said = Array.from({ length: 30 }, () => world.take(wrong));
  assert.equal(said.filter((word) => word === "digest-wrong").length, 20);
  assert.equal(said.at(-1), "source-throttled");
  assert.equal(world.take(world.beat(2), elsewhere), "taken");
});

test("after a restart a copy of an old beat is no reason to forget where the client was", () => {
  const world = new World(heartbeat(1, { lastEndpoint: { ipv4: home, port: 0 } }));
  assert.equal(world.take(world.beat(1)), "taken");
  assert.equal(world.take(world.beat(1), elsewhere), "replayed");
});

test("tunnels that come, change their address and go are found, found there, and not found", () => {
  const world = new World();
  world.tunnels.set("T1", heartbeat(1));
  world.desk.stateChanged("T1");
  assert.equal(world.take(world.beat(1)), "taken");
  world.tunnels.set("T1", heartbeat(1, { clientAddress: makeIpv6(7n) }));
  world.desk.stateChanged("T1");
  assert.equal(world.take(world.beat(1)), "tunnel-unknown");
  world.tunnels.delete("T1");
  world.desk.stateChanged("T1");
  assert.equal(world.take(world.beat(1)), "tunnel-unknown");
});
