import assert from "node:assert/strict";
import test from "node:test";
import { makeIpv4, wallSec } from "@tombolo/base";
import type { PlaneCounters, PlaneTunnel } from "@tombolo/dataplane";
import { makeTestTunnel } from "../../test/states.ts";
import { makePlaneTunnel } from "../reconcile/plane-tunnel.ts";
import type { DesiredTunnel } from "../state/desired.ts";
import { Liveness, silenceSec } from "./liveness.ts";

const start = 1_700_000_000;
const endpoint = { ipv4: makeIpv4(0xc633_6407), port: 0 };

function tunnelOf(encapsulation: DesiredTunnel["encapsulation"], enabled = true): PlaneTunnel {
  return makePlaneTunnel(makeTestTunnel(1, { encapsulation, enabled, staticEndpoint: endpoint.ipv4 }), undefined);
}

function countersOf(changes: Partial<PlaneCounters> = {}): PlaneCounters {
  const none = { inPackets: 0, inBytes: 0, outPackets: 0, outBytes: 0, drops: 0, lastSeenAt: undefined };
  return { ...none, endpoint, endpointProven: true, ...changes };
}

test("a heartbeat tunnel goes down after three intervals without a beat, whatever packets came: they can be forged", () => {
  const liveness = new Liveness();
  const tunnel = tunnelOf("heartbeat");
  liveness.beat(1, wallSec(start));
  const busy = countersOf({ lastSeenAt: wallSec(start + 179) });
  assert.equal(liveness.look(tunnel, busy, wallSec(start + silenceSec - 1)), undefined);
  assert.deepEqual([...liveness.up], [1]);
  assert.equal(liveness.look(tunnel, busy, wallSec(start + silenceSec)), "withdraw");
  assert.deepEqual(liveness.find(1), { state: "down", since: start + silenceSec, lastBeatAt: start, heardAt: start });
  assert.deepEqual([...liveness.up], []);
  liveness.beat(1, wallSec(start + 200));
  assert.equal(liveness.find(1)?.state, "up");
});

test("an AYIYA tunnel goes down after 180 seconds without a valid packet, and comes up with the next", () => {
  const liveness = new Liveness();
  const tunnel = tunnelOf("ayiya");
  const seen = countersOf({ lastSeenAt: wallSec(start) });
  assert.equal(liveness.look(tunnel, seen, wallSec(start + 1)), undefined);
  assert.equal(liveness.look(tunnel, seen, wallSec(start + 181)), "withdraw");
  assert.equal(liveness.look(tunnel, countersOf({ endpoint: undefined, lastSeenAt: wallSec(start) }), wallSec(start + 190)), undefined);
  assert.equal(liveness.find(1)?.state, "down");
  assert.equal(liveness.look(tunnel, countersOf({ lastSeenAt: wallSec(start + 200) }), wallSec(start + 201)), undefined);
  assert.deepEqual([liveness.find(1)?.state, liveness.find(1)?.since], ["up", start + 201]);
});

test("an endpoint that is remembered from before a start has all its time to speak", () => {
  const liveness = new Liveness();
  for (const kind of ["ayiya", "heartbeat"] as const) {
    liveness.restart();
    assert.equal(liveness.look(tunnelOf(kind), countersOf(), wallSec(start)), undefined);
    assert.equal(liveness.look(tunnelOf(kind), countersOf(), wallSec(start + 179)), undefined);
    assert.equal(liveness.look(tunnelOf(kind), countersOf(), wallSec(start + 180)), "withdraw");
  }
});

test("a static tunnel is up unless it is disabled, however silent it is", () => {
  const liveness = new Liveness();
  assert.equal(liveness.look(tunnelOf("6in4"), countersOf(), wallSec(start)), undefined);
  assert.equal(liveness.look(tunnelOf("6in4"), countersOf(), wallSec(start + 10_000)), undefined);
  assert.equal(liveness.find(1)?.state, "up");
  liveness.look(tunnelOf("6in4", false), countersOf(), wallSec(start + 10_001));
  assert.equal(liveness.find(1)?.state, "down");
});

test("a clock that was set back an hour does not keep a dead tunnel up for that hour", () => {
  const liveness = new Liveness();
  const tunnel = tunnelOf("heartbeat");
  liveness.beat(1, wallSec(start));
  assert.equal(liveness.look(tunnel, countersOf(), wallSec(start - 3600)), undefined);
  assert.equal(liveness.look(tunnel, countersOf(), wallSec(start - 3600 + 180)), "withdraw");
});

test("a tunnel that never lived is not kept", () => {
  const liveness = new Liveness();
  liveness.look(tunnelOf("ayiya"), countersOf({ endpoint: undefined }), wallSec(start));
  assert.equal(liveness.find(1), undefined);
});
