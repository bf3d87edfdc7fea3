import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex, formatIpv6, parseHex } from "@tombolo/base";
import { readVectors, sha1 } from "@tombolo/testkit";
import { decodeAyiya, encodeAyiya } from "./codec.ts";
import { deriveAyiyaKey, sealAyiya, signatureIsRight } from "./sign.ts";

interface AyiyaVector {
  readonly title: string;
  readonly origin: string;
  readonly secret: string;
  readonly key: string;
  readonly hex: readonly string[];
  readonly expected: {
    readonly opcode: number;
    readonly nextHeader: number;
    readonly epochSec: number;
    readonly identity: string;
    readonly signature: string;
    readonly payload: string;
  };
}

const vectors = readVectors("ayiya", ".json");

test("all four packets of the sheet are here", () => {
  assert.equal(vectors.length, 4);
});

for (const file of vectors) {
  const vector = JSON.parse(file.text) as AyiyaVector;
  const bytes = parseHex(vector.hex.join(""));
  assert.ok(bytes.ok);

  test(`${file.name}: K comes out of the secret`, () => {
    assert.equal(formatHex(deriveAyiyaKey(vector.secret, sha1)), vector.key);
  });

  test(`${file.name}: ${vector.title} decodes to its fields and encodes to the same bytes`, () => {
    const decoded = decodeAyiya(bytes.value);
    assert.ok(decoded.ok);
    const { identity, signature, payload, ...rest } = decoded.value;
    const shown = { ...rest, identity: formatIpv6(identity), signature: formatHex(signature), payload: formatHex(payload) };
    const { from: _, ...expected } = vector.expected as AyiyaVector["expected"] & { from: string };
    assert.deepEqual(shown, expected);
    assert.equal(formatHex(encodeAyiya(decoded.value)), formatHex(bytes.value));
  });

  test(`${file.name}: signing its fields gives its signature, and only K verifies it`, () => {
    const key = deriveAyiyaKey(vector.secret, sha1);
    const decoded = decodeAyiya(bytes.value);
    assert.ok(decoded.ok);
    assert.equal(formatHex(sealAyiya(decoded.value, key, sha1)), formatHex(bytes.value));
    assert.equal(signatureIsRight(bytes.value, key, sha1), true);
    assert.equal(signatureIsRight(bytes.value, deriveAyiyaKey("another secret", sha1), sha1), false);
  });
}
