import assert from "node:assert/strict";
import { makeIpv4, parseHex } from "@tombolo/base";
import {
  decapsulateEcn,
  decodeOuterIpv4,
  findDecapsulationRefusal,
  findInvalidInnerSource,
  findIpv6Fault,
  ipv6At,
  strippedBytes,
} from "@tombolo/protocols";
import type { FuzzTarget } from "../target.ts";

const seed = parseHex(
  "4500004c420040004029abcd c0000201 c6336407 6000000000103a40 20010db802ff00010000000000000002 20010db802ff00010000000000000001 8000cc06123400015369785853212121",
);
assert.ok(seed.ok);

/** Protocol 41 off a raw socket: the outer header, then every check of the inner packet. */
export const sixInFourTarget: FuzzTarget = {
  name: "sixinfour",
  seeds: [seed.value],
  run: (bytes) => {
    const outer = decodeOuterIpv4(bytes);
    if (!outer.ok) {
      assert.ok(outer.at <= bytes.length);
      return outer.reason;
    }
    const { headerBytes, totalBytes, source, tos } = outer.value;
    assert.ok(headerBytes >= 20 && headerBytes <= totalBytes && totalBytes <= bytes.length);
    const length = totalBytes - headerBytes;
    const expected = makeIpv4(0xc000_0201);
    const refusal = findDecapsulationRefusal(bytes, headerBytes, length, { source, expected });
    if (refusal !== undefined) return refusal;
    assert.equal(findIpv6Fault(bytes, headerBytes, length), undefined);
    assert.equal(findInvalidInnerSource(bytes, headerBytes + ipv6At.source), undefined);
    assert.ok(strippedBytes(bytes, headerBytes, length) >= 40);
    const inner = bytes.slice();
    const kept = decapsulateEcn(inner, headerBytes, tos);
    const changed = inner.findIndex((byte, at) => byte !== bytes[at]);
    assert.ok(changed < 0 || changed === headerBytes + 1, "only the traffic class ever changes");
    return `taken ${kept} ${changed >= 0}`;
  },
};
