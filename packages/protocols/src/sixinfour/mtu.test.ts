import assert from "node:assert/strict";
import { test } from "node:test";
import { ayiyaOverheadBytes } from "../ayiya/header.ts";
import { ipv4HeaderBytes } from "./header.ts";
import { innerMtuBytes, judgeSizeDynamic, judgeSizeStatic, tunnelMtuIsValid } from "./mtu.ts";

test("a tunnel's MTU is a whole number from 1280 to 1480", () => {
  assert.deepEqual([1279, 1280, 1480, 1481, 1300.5, Number.NaN].map(tunnelMtuIsValid), [false, true, true, false, false, false]);
});

test("the sheets' figures: 1480 and 1472 for proto-41, 1428 and 1420 for AYIYA, never below 1280", () => {
  assert.equal(innerMtuBytes(1500, ipv4HeaderBytes), 1480);
  assert.equal(innerMtuBytes(1492, ipv4HeaderBytes), 1472);
  assert.equal(innerMtuBytes(1500, ayiyaOverheadBytes), 1428);
  assert.equal(innerMtuBytes(1492, ayiyaOverheadBytes), 1420);
  assert.equal(innerMtuBytes(1300, ayiyaOverheadBytes), 1280);
  assert.equal(innerMtuBytes(9000, ipv4HeaderBytes), 1480);
});

test("1281 bytes to an MTU-1280 tunnel are answered with 1280, and 1280 pass without DF", () => {
  assert.deepEqual(judgeSizeStatic(1281, 1280), { kind: "too-big", mtuBytes: 1280 });
  assert.deepEqual(judgeSizeStatic(1280, 1280), { kind: "send", dontFragment: false });
});

test("dynamic MTU follows RFC 4213 section 3.2.2", () => {
  assert.deepEqual(judgeSizeDynamic(1481, 1500), { kind: "too-big", mtuBytes: 1480 });
  assert.deepEqual(judgeSizeDynamic(1480, 1500), { kind: "send", dontFragment: true });
  assert.deepEqual(judgeSizeDynamic(1280, 1300), { kind: "send", dontFragment: true });
  assert.deepEqual(judgeSizeDynamic(1280, 1299), { kind: "send", dontFragment: false });
  assert.deepEqual(judgeSizeDynamic(1281, 1299), { kind: "too-big", mtuBytes: 1280 });
  assert.deepEqual(judgeSizeDynamic(1280, 68), { kind: "send", dontFragment: false });
});
