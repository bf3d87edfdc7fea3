import assert from "node:assert/strict";
import test from "node:test";
import { makeIpv4 } from "@tombolo/base";
import { makeTestTunnel, prefixOf } from "../../test/states.ts";
import { makePlaneTunnel, samePlaneTunnel } from "./plane-tunnel.ts";

const natted = { ipv4: makeIpv4(0xc633_6407), port: 40_000 };
const bare = { ipv4: makeIpv4(0xc633_6408), port: 0 };

test("an AYIYA tunnel gets its secret's characters and both its prefixes", () => {
  const tunnel = makePlaneTunnel(makeTestTunnel(1001, { secret: "abc", delegations: [prefixOf("2001:db8:2::/64")] }), undefined);
  assert.equal(tunnel.id, 1001);
  assert.deepEqual(tunnel.secret, Uint8Array.of(0x61, 0x62, 0x63));
  assert.equal(tunnel.prefixes.length, 2);
  assert.deepEqual([tunnel.endpoint, tunnel.endpointFixed, tunnel.beatSec], [undefined, false, 0]);
});

test("static 6in4 has its configured endpoint whatever was seen", () => {
  const desired = makeTestTunnel(1, { encapsulation: "6in4", staticEndpoint: bare.ipv4, lastEndpoint: natted });
  const tunnel = makePlaneTunnel(desired, natted);
  assert.deepEqual([tunnel.encapsulation, tunnel.endpoint, tunnel.endpointFixed, tunnel.secret], ["6in4", bare, true, undefined]);
  assert.equal(tunnel.proveFixed, true, "proven by an echo before it gets anybody's traffic");
});

test("a heartbeat tunnel is 6in4 whose endpoint may move", () => {
  const tunnel = makePlaneTunnel(makeTestTunnel(1, { encapsulation: "heartbeat" }), bare);
  assert.deepEqual([tunnel.encapsulation, tunnel.endpoint, tunnel.endpointFixed, tunnel.proveFixed], ["6in4", bare, false, false]);
});

test("after a change of encapsulation an endpoint of the other kind is not kept", () => {
  assert.equal(makePlaneTunnel(makeTestTunnel(1, { encapsulation: "ayiya" }), bare).endpoint, undefined);
  assert.equal(makePlaneTunnel(makeTestTunnel(1, { encapsulation: "heartbeat" }), natted).endpoint, undefined);
  assert.deepEqual(makePlaneTunnel(makeTestTunnel(1, { encapsulation: "udp" }), natted).endpoint, natted);
});

test("every field that the data plane acts on makes a difference, a moving endpoint does not", () => {
  const base = makeTestTunnel(1);
  const same = makePlaneTunnel(base, undefined);
  assert.equal(samePlaneTunnel(same, makePlaneTunnel(base, natted)), true);
  const changes = [
    { enabled: false },
    { mtuBytes: 1480 },
    { secret: "0" },
    { encapsulation: "udp" as const },
    { delegations: [prefixOf("2001:db8:2::/64")] },
    { prefix: prefixOf("2001:db8:7::/64") },
    { popAddress: base.clientAddress },
    { clientAddress: base.popAddress },
    { encapsulation: "6in4" as const },
  ];
  for (const change of changes)
    assert.equal(samePlaneTunnel(same, makePlaneTunnel({ ...base, ...change }, undefined)), false, JSON.stringify(Object.keys(change)));
  const fixed = { ...base, encapsulation: "6in4" as const, staticEndpoint: bare.ipv4 };
  assert.equal(
    samePlaneTunnel(makePlaneTunnel(fixed, undefined), makePlaneTunnel({ ...fixed, staticEndpoint: natted.ipv4 }, undefined)),
    false,
  );
});
