import assert from "node:assert/strict";
import { test } from "node:test";
import { encapsulations, needsStaticEndpoint, parseEncapsulation } from "./encapsulation.ts";
import { makeTunnelId, numberOfId, parsePoolId, parseTunnelId } from "./ids.ts";
import { isMtu } from "./mtu.ts";
import { parsePopName } from "./pop-name.ts";
import { isEmail, isPlainName } from "./text.ts";

test("a PoP's name is 2 to 14 of a-z and 0-9, a letter first", () => {
  for (const text of ["nlams01", "ab", "abcdefghijklm0"]) assert.deepEqual(parsePopName(text), { ok: true, value: text });
  for (const text of ["", "a", "nlAms01", "1nlams", "nl-ams", "abcdefghijklmn0", "nlams01\n", "nlams01 "]) {
    assert.deepEqual(parsePopName(text), { ok: false, reason: "not-a-pop-name" }, JSON.stringify(text));
  }
});

test("an id is its letter and an exact number", () => {
  assert.deepEqual(parseTunnelId("T1001"), { ok: true, value: "T1001" });
  assert.equal(numberOfId(makeTunnelId(999_999_999_999_999)), 999_999_999_999_999);
  for (const text of ["", "T", "1001", "t1001", "T01", "T0", "T-1", "T1e3", "T1.5", "R1001", "T1001 ", "T1001\n", "T9999999999999999"]) {
    assert.deepEqual(parseTunnelId(text), { ok: false, reason: "not-a-tunnel-id" }, JSON.stringify(text));
  }
  assert.deepEqual(parsePoolId("P1"), { ok: true, value: "P1" });
  assert.deepEqual(parsePoolId("T1"), { ok: false, reason: "not-a-pool-id" });
});

test("only plain 6in4 must be told where its client is", () => {
  assert.deepEqual(encapsulations.filter(needsStaticEndpoint), ["6in4"]);
  for (const name of encapsulations) assert.deepEqual(parseEncapsulation(name), { ok: true, value: name });
  assert.deepEqual(parseEncapsulation("AYIYA"), { ok: false, reason: "not-an-encapsulation" });
});

test("an MTU is a whole number from 1280 to 1480", () => {
  assert.deepEqual([1279, 1280, 1480, 1481, 1280.5, Number.NaN].map(isMtu), [false, true, true, false, false, false]);
});

test("names are one printable line", () => {
  for (const text of ["Ann B. Clark", "山田太郎", "São Paulo", "x".repeat(100)]) assert.ok(isPlainName(text), text);
  for (const text of ["", " Ann", "Ann ", "a\nb", "a\u0000b", "a\u0085b", "a\u2028b", "x".repeat(101)])
    assert.ok(!isPlainName(text), JSON.stringify(text));
});

test("a mail address is ASCII with one @ that has something on both sides", () => {
  for (const text of ["a@b", "ann.clark+v6@mail.example.org", "o'neill@example.org", `${"x".repeat(64)}@example.org`])
    assert.ok(isEmail(text), text);
  for (const text of [
    "",
    "@",
    "a@",
    "@b",
    "a b@c",
    "a@b@c",
    "a@-b",
    "a@b-",
    "a@b\n",
    "<a@b>",
    'a"@b',
    "ä@b",
    `${"x".repeat(65)}@b`,
    `a@${"b".repeat(254)}`,
  ]) {
    assert.ok(!isEmail(text), JSON.stringify(text));
  }
});
