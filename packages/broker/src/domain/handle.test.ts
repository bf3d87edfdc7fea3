import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { initialsOf, isHandleSuffix, nextHandle, parseHandle } from "./handle.ts";

test("handles of ours and of registries are taken, in any case of letters", () => {
  for (const text of ["ABC1-TMB", "JRM1-RIPE", "AB-RIPE", "ABCD123456-SIXXS", "AB999999999-ARIN", "abc1-tmb"]) {
    assert.deepEqual(parseHandle(text), { ok: true, value: text.toUpperCase() });
  }
});

test("what is no handle is refused", () => {
  for (const text of [
    "",
    "A1-TMB",
    "ABCDE1-TMB",
    "ABC01-TMB",
    "ABC1",
    "ABC1-",
    "ABC1-T",
    "ABC1-1TMB",
    "ABC1-TMB ",
    "ABC1-TMB\n",
    "ABC1/T1001",
    "ÄBC1-TMB",
    "ABC1-TMB".repeat(9),
  ]) {
    assert.deepEqual(parseHandle(text), { ok: false, reason: "not-a-handle" }, JSON.stringify(text));
  }
});

test("initials come from the words of a name, without the marks over its letters", () => {
  const names: readonly (readonly [string, string])[] = [
    ["Ann B. Clark", "ABC"],
    ["Ångström, Émile", "AE"],
    ["Maria de la Cruz Ortega", "MDLC"],
    ["Madonna", "MA"],
    ["X", "USR"],
    ["山田太郎", "USR"],
    ["O'Neill", "ON"],
  ];
  for (const [name, initials] of names) assert.equal(initialsOf(name), initials, name);
});

test("the next handle of any name is a handle, and is not in use", () => {
  const check = fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), fc.array(fc.nat(30)), (name, numbers) => {
    const initials = initialsOf(name);
    const inUse = numbers.map((number) => `${initials}${number}-TMB`);
    const handle = nextHandle(initials, "TMB", inUse);
    assert.deepEqual(parseHandle(handle), { ok: true, value: handle });
    assert.ok(!inUse.includes(handle));
  });
  fc.assert(check);
});

test("longer initials and other suffixes do not count", () => {
  assert.equal(nextHandle("ABC", "TMB", ["ABCD7-TMB", "ABC5-RIPE", "ABC-TMB"]), "ABC1-TMB");
  assert.ok(isHandleSuffix("TMB") && !isHandleSuffix("tmb") && !isHandleSuffix("T") && !isHandleSuffix("A.*"));
});
