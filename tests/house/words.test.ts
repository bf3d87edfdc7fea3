import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNone, formatOffences, readProject, treeOf } from "./code/tree.ts";
import { checkWords } from "./words.ts";

function offencesOf(text: string): string {
  return formatOffences(checkWords(treeOf({ "docs/a.md": text })));
}

test("texts are about the product and hold on every machine", () => {
  assertNone(checkWords(readProject()));
});

test("every kind of forbidden word is caught", () => {
  // Joined here, so that this file does not hold them.
  for (const halves of [
    ["This is not imple", "mented."],
    ["good enough for ", "now"],
    ["a st", "ub of it"],
    ["As reque", "sted, this"],
    ["written by an A", "I"],
    ["see /wo", "rk/main"],
    ["see `/ro", "ot/x`"],
    ["https://reg", "istry.npmjs.org/x"],
    ["mail me@some", "where.org"],
  ]) {
    assert.match(offencesOf(halves.join("")), /^docs\/a\.md:1: /, halves.join("|"));
  }
});

test("ordinary words are not", () => {
  for (const text of [
    "a TIC session did end",
    "looking for nowhere",
    "/var/lib/tombolo",
    "ABC1-TMB <jane@example.net>",
    "node@24",
    "AIAIA",
    "http://[2001:db8::1]/",
  ]) {
    assert.equal(offencesOf(text), "", text);
  }
});
