import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLatin1, encodeLatin1, formatIpv4, formatIpv6, wallSec } from "@tombolo/base";
import { md5, readVectors } from "@tombolo/testkit";
import { decodeBeat } from "./codec.ts";
import { beatDigestIsRight, makeBeat } from "./sign.ts";

interface BeatVector {
  readonly title: string;
  readonly password: string;
  readonly message: string;
  readonly expected: { readonly address: string; readonly sender: string; readonly timeSec: number; readonly digest: string };
}

const vectors = readVectors("heartbeat", ".json");

test("all four beats of the sheet are here", () => {
  assert.equal(vectors.length, 4);
});

for (const file of vectors) {
  const vector = JSON.parse(file.text) as BeatVector;

  test(`${file.name}: ${vector.title} decodes to its fields, and its password alone fits it`, () => {
    const decoded = decodeBeat(encodeLatin1(vector.message));
    assert.ok(decoded.ok);
    const { address, sender, timeSec, digest } = decoded.value;
    const shown = { address: formatIpv6(address), sender: sender === "sender" ? sender : formatIpv4(sender), timeSec, digest };
    assert.deepEqual(shown, vector.expected);
    assert.equal(beatDigestIsRight(decoded.value, vector.password, md5), true);
    assert.equal(beatDigestIsRight(decoded.value, `${vector.password} `, md5), false);
  });

  test(`${file.name}: a beat made of its fields is the same to the byte`, () => {
    const decoded = decodeBeat(encodeLatin1(vector.message));
    assert.ok(decoded.ok);
    const { address, sender, timeSec } = decoded.value;
    const made = makeBeat({ address, sender, nowSec: wallSec(timeSec), password: vector.password }, md5);
    assert.equal(decodeLatin1(made), vector.message);
  });
}
