import assert from "node:assert/strict";
import test from "node:test";
import { monotonicMs } from "@tombolo/base";
import { peerTextOf, sourceOf } from "./sources.ts";
import { makeThrottle } from "./throttle.ts";

test("a bucket lets a burst pass, then its rate, and what is given back does not count", () => {
  let nowMs = 0;
  const throttle = makeThrottle({ clock: { nowMs: () => monotonicMs(nowMs) }, perMinute: 6, burst: 2, keysMax: 10 });
  assert.deepEqual([throttle.take("a"), throttle.take("a"), throttle.take("a"), throttle.take("b")], [true, true, false, true]);
  nowMs += 10_000;
  assert.deepEqual([throttle.take("a"), throttle.take("a")], [true, false]);
  throttle.giveBack("a");
  assert.deepEqual([throttle.take("a"), throttle.take("a")], [true, false]);
  nowMs += 3_600_000;
  assert.deepEqual([throttle.take("a"), throttle.take("a"), throttle.take("a")], [true, true, false]);
});

test("no more buckets are remembered than the bound, the one used longest ago goes first", () => {
  const throttle = makeThrottle({ clock: { nowMs: () => monotonicMs(0) }, perMinute: 1, burst: 1, keysMax: 2 });
  assert.equal(throttle.take("a"), true);
  assert.equal(throttle.take("b"), true);
  assert.equal(throttle.take("a"), false);
  assert.equal(throttle.take("c"), true);
  assert.equal(throttle.take("a"), false);
  assert.equal(throttle.take("b"), true);
});

test("a source is an IPv4 address, mapped or not, or an IPv6 /64", () => {
  assert.equal(sourceOf("192.0.2.1"), "192.0.2.1");
  assert.equal(sourceOf("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(sourceOf("2001:db8:0:1:2:3:4:5"), "2001:db8:0:1::/64");
  assert.equal(sourceOf("fe80::1%eth0"), "fe80::/64");
  assert.equal(peerTextOf("::ffff:192.0.2.1", 7), "192.0.2.1:7");
  assert.equal(peerTextOf("2001:DB8::1", 7), "[2001:db8::1]:7");
});
