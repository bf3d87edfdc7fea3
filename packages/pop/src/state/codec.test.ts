import assert from "node:assert/strict";
import test from "node:test";
import { makeIpv4, makeIpv6, makePrefix } from "@tombolo/base";
import fc from "fast-check";
import { makeTestTunnel, testPop } from "../../test/states.ts";
import { decodeStateLine, encodeStateLine, stateLineMaxBytes, type StateLine } from "./codec.ts";

const record = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> => fc.record(model, { noNullPrototype: true });
const address = fc.bigInt(0n, (1n << 128n) - 1n).map(makeIpv6);
const prefix = fc.tuple(address, fc.integer({ min: 0, max: 128 })).map(([value, bits]) => makePrefix(value, bits));
const ipv4 = fc.integer({ min: 0, max: 0xffff_ffff }).map(makeIpv4);
const id = fc.integer({ min: 1, max: 999_999_999 }).map((n) => `T${n}`);
const revision = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const pop = record({ name: fc.stringMatching(/^[a-z0-9]{1,14}$/), outerIpv4: ipv4, pools: fc.array(prefix, { maxLength: 5 }) });
const tunnel = record({
  id,
  encapsulation: fc.constantFrom("6in4", "heartbeat", "ayiya", "udp"),
  enabled: fc.boolean(),
  popAddress: address,
  clientAddress: address,
  prefix,
  delegations: fc.array(prefix, { maxLength: 64 }),
  mtuBytes: fc.integer({ min: 1280, max: 1480 }),
  heartbeatSec: fc.integer({ min: 1, max: 86_400 }),
  secret: fc.stringMatching(/^[\x21-\x7e]{1,128}$/),
  staticEndpoint: fc.option(ipv4, { nil: undefined }),
  lastEndpoint: fc.option(record({ ipv4, port: fc.integer({ min: 0, max: 65_535 }) }), { nil: undefined }),
});
const line: fc.Arbitrary<StateLine> = fc.oneof(
  record({ type: fc.constant("snapshot" as const), revision, pop }),
  record({ type: fc.constant("tunnel" as const), tunnel }),
  record({ type: fc.constant("end" as const), revision }),
  record({ type: fc.constant("keepalive" as const) }),
  record({
    type: fc.constant("change" as const),
    revision,
    change: fc.oneof(
      record({ kind: fc.constant("tunnel" as const), tunnel }),
      record({ kind: fc.constant("removed" as const), id }),
      record({ kind: fc.constant("pop" as const), pop }),
    ),
  }),
);

test("every line comes back as it was, and fits the bound", () => {
  fc.assert(
    fc.property(line, (sent) => {
      const text = encodeStateLine(sent);
      assert.ok(text.length <= stateLineMaxBytes);
      assert.ok(!text.includes("\n"));
      assert.deepEqual(decodeStateLine(text), { ok: true, value: sent });
    }),
  );
});

test("a line cut anywhere is a reason, never a throw", () => {
  const text = encodeStateLine({ type: "change", revision: 8, change: { kind: "tunnel", tunnel: makeTestTunnel(1001) } });
  for (let length = 0; length < text.length; length += 1) assert.equal(decodeStateLine(text.slice(0, length)).ok, false);
});

test("whatever text comes is decoded or refused, never thrown at", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeStateLine(text)));
  const whole = encodeStateLine({ type: "tunnel", tunnel: makeTestTunnel(1001) });
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(7), (at, bit) => {
      decodeStateLine(whole.slice(0, at) + String.fromCharCode(whole.charCodeAt(at) ^ (1 << bit)) + whole.slice(at + 1));
    }),
  );
});

test("the first wrong field is named", () => {
  const good = JSON.parse(encodeStateLine({ type: "tunnel", tunnel: makeTestTunnel(1001) })) as { tunnel: Record<string, unknown> };
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["id", "T0", "field-malformed"],
    ["id", "T01", "field-malformed"],
    ["id", "T9999999999", "field-malformed"],
    ["encapsulation", "gre", "field-malformed"],
    ["enabled", "yes", "field-malformed"],
    ["popAddress", "2001:db8::1%eth0", "field-malformed"],
    ["prefix", "2001:db8::1/64", "field-malformed"],
    ["delegations", Array(65).fill("2001:db8::/64"), "field-malformed"],
    ["delegations", [7], "field-malformed"],
    ["mtuBytes", 1279, "field-malformed"],
    ["mtuBytes", 1280.5, "field-malformed"],
    ["secret", "two words", "field-malformed"],
    ["secret", undefined, "field-missing"],
    ["staticEndpoint", "1.2.3", "field-malformed"],
    ["lastEndpoint", 5, "field-malformed"],
  ];
  for (const [field, value, reason] of wrong) {
    const text = JSON.stringify({ ...good, tunnel: { ...good.tunnel, [field]: value } });
    assert.deepEqual(decodeStateLine(text), { ok: false, reason: { reason, field: `tunnel.${field}` } }, field);
  }
  assert.deepEqual(decodeStateLine('{"type":"snapshot","revision":1}'), { ok: false, reason: { reason: "field-missing", field: "pop" } });
  assert.deepEqual(decodeStateLine('{"type":"end","revision":-1}'), {
    ok: false,
    reason: { reason: "field-malformed", field: "revision" },
  });
  assert.deepEqual(decodeStateLine('{"type":"toString"}'), { ok: false, reason: { reason: "type-unknown", field: "" } });
  assert.deepEqual(decodeStateLine("[1]"), { ok: false, reason: { reason: "not-an-object", field: "" } });
});

test("fields that a later broker adds are passed over", () => {
  const sent = JSON.parse(encodeStateLine({ type: "snapshot", revision: 1, pop: testPop })) as { pop: object };
  const text = JSON.stringify({ type: "snapshot", revision: 1, later: true, pop: { ...sent.pop, also: 1 } });
  assert.deepEqual(decodeStateLine(text), { ok: true, value: { type: "snapshot", revision: 1, pop: testPop } });
});
