import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSeededRandom } from "@tombolo/base";
import { isPopToken, makeAccessKey, makePopToken, makeTunnelSecret } from "./secrets.ts";

test("secrets have their form and use all of the randomness they are given", () => {
  const random = makeSeededRandom(1);
  const keys = Array.from({ length: 200 }, () => makeAccessKey(random));
  for (const key of keys) assert.match(key, /^[0-9a-hjkmnp-tv-z]{26}$/);
  for (let at = 0; at < 26; at += 1) assert.equal(new Set(keys.map((key) => key.charAt(at))).size, 32, `place ${at}`);
  assert.match(makeTunnelSecret(random), /^[0-9a-f]{32}$/);
  const token = makePopToken(random);
  assert.ok(isPopToken(token) && !isPopToken(token.toUpperCase()) && !isPopToken(`${token}\n`) && !isPopToken(token.slice(1)));
});
