import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4, parseHex } from "@tombolo/base";
import { drillDecoder } from "@tombolo/testkit";
import { decodeOuterIpv4, protocol41 } from "./header.ts";

// The frame that sixxsd 4.0 was seen to send (proto41-6in4.md section 1), with documentation addresses in it and an empty payload behind.
const observed = bytesOf(`4500004c420040004029abcd c0000201 c6336407 ${"00".repeat(56)}`);
const withOptions = bytesOf(`4600001c00000000402900 00c0000201c6336407 94040000 ${"00".repeat(4)}`);

function bytesOf(hex: string): Uint8Array {
  const bytes = parseHex(hex);
  assert.ok(bytes.ok);
  return bytes.value;
}

test("sixxsd's frame gives its fields", () => {
  const decoded = decodeOuterIpv4(observed);
  assert.ok(decoded.ok);
  const { source, destination, ...rest } = decoded.value;
  assert.deepEqual(rest, { headerBytes: 20, tos: 0, totalBytes: 76, dontFragment: true, ttl: 64, protocol: protocol41 });
  assert.deepEqual([formatIpv4(source), formatIpv4(destination)], ["192.0.2.1", "198.51.100.7"]);
});

test("options make the header longer, and bytes behind the total length are not part of it", () => {
  const decoded = decodeOuterIpv4(Uint8Array.from([...withOptions, 1, 2, 3]));
  assert.ok(decoded.ok);
  assert.deepEqual([decoded.value.headerBytes, decoded.value.totalBytes], [24, 28]);
});

test("fragments are refused whichever part they are", () => {
  for (const flags of [0x2000, 0x0001, 0x1fff, 0x2fff]) {
    const bent = observed.slice();
    bent[6] = flags >> 8;
    bent[7] = flags & 255;
    assert.deepEqual(decodeOuterIpv4(bent), { ok: false, reason: "fragment", at: 6 });
  }
});

test("the decoder passes the drill", () => {
  const reasons = ["too-short", "not-version-4", "header-length", "total-length", "fragment"];
  drillDecoder({ samples: [observed, withOptions], decode: decodeOuterIpv4, reasons });
});
