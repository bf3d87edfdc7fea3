import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeIpv6, formatHex, makeIpv6, makeSeededRandom, parseHex, wallSec } from "@tombolo/base";
import { aiccuAccepts, drillDecoder, flipEveryBit, readVectors, sha1 } from "@tombolo/testkit";
import fc from "fast-check";
import { acceptAyiya, ayiyaRefusals, type AyiyaExpectation } from "./accept.ts";
import { decodeAyiya, encodeAyiya, encodeAyiyaHeaderInto, findAyiyaFault, type AyiyaPacket } from "./codec.ts";
import { ayiyaAt, ayiyaHeaderBytes, clockSkewSec, withinClockWindow, type AyiyaOpcode } from "./header.ts";
import { deriveAyiyaKey, sealAyiya, signAyiya, signatureIsRight } from "./sign.ts";

const secret = "f3d47c2de40fb698e1ab15d757a09bfc";
const key = deriveAyiyaKey(secret, sha1);
const nowSec = 1_136_073_600;
const client = makeIpv6(0x2001_0db8_02ff_0001_0000_0000_0000_0002n);
const pop = makeIpv6(0x2001_0db8_02ff_0001_0000_0000_0000_0001n);
const inner = innerPacket();
const [beat, forward] = readVectors("ayiya", ".json").map(({ text }) => vectorBytes(text));
assert.ok(beat !== undefined && forward !== undefined);

function vectorBytes(text: string): Uint8Array {
  const bytes = parseHex((JSON.parse(text) as { hex: string[] }).hex.join(""));
  assert.ok(bytes.ok);
  return bytes.value;
}

function innerPacket(): Uint8Array {
  const packet = new Uint8Array(50);
  packet.set([0x60, 0, 0, 0, 0, 10, 59, 64]);
  return packet;
}

const faults = ["header-too-short", "identity-not-ipv6", "signature-not-sha1", "auth-not-shared-secret", "opcode-unknown"];

const packets: fc.Arbitrary<AyiyaPacket> = fc.record(
  {
    opcode: fc.integer({ min: 0, max: 7 }) as fc.Arbitrary<AyiyaOpcode>,
    nextHeader: fc.nat(255),
    epochSec: fc.nat(0xffff_ffff),
    identity: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(makeIpv6),
    signature: fc.uint8Array({ minLength: 20, maxLength: 20 }),
    payload: fc.uint8Array({ maxLength: 100 }),
  },
  { noNullPrototype: true },
);

test("every packet survives the round trip", () => {
  fc.assert(fc.property(packets, (packet) => assert.deepEqual(decodeAyiya(encodeAyiya(packet)), { ok: true, value: packet })));
});

test("the decoder passes the drill", () => {
  drillDecoder({
    samples: [beat, forward],
    decode: decodeAyiya,
    reasons: faults,
    // No length field: whatever is left behind a whole header is its payload.
    mayCutTo: (_, length) => length >= ayiyaHeaderBytes,
  });
});

test("the header is written over dirt, with the signature left as it was", () => {
  const out = new Uint8Array(60).fill(0xa5);
  encodeAyiyaHeaderInto(out, 3, { opcode: 0, nextHeader: 59, epochSec: nowSec, identity: encodeIpv6(client) });
  assert.equal(formatHex(out.subarray(3, 27)), formatHex(beat.subarray(0, 24)));
  assert.ok([...out.subarray(0, 3), ...out.subarray(27)].every((byte) => byte === 0xa5));
});

test("a range outside the array is a short header", () => {
  assert.equal(findAyiyaFault(beat, 1, beat.length), "header-too-short");
  assert.equal(findAyiyaFault(beat, -1, 44), "header-too-short");
});

test("a packet with any bit flipped is not the one that was signed", () => {
  for (const bent of flipEveryBit(forward)) assert.equal(signatureIsRight(bent, key, sha1), false);
});

test("a packet cut anywhere is not the one that was signed", () => {
  for (let length = 0; length < forward.length; length += 1) assert.equal(signatureIsRight(forward.slice(0, length), key, sha1), false);
});

test("signing what has no whole header or no whole key is our own bug", () => {
  assert.throws(() => signAyiya(new Uint8Array(43), key, sha1));
  assert.throws(() => signAyiya(new Uint8Array(44), key.subarray(1), sha1));
});

test("the clock window is 120 s either way, inclusive, over unsigned 32-bit seconds", () => {
  for (const [skew, expected] of [
    [0, true],
    [120, true],
    [-120, true],
    [121, false],
    [-121, false],
    [3600, false],
  ] as const) {
    assert.equal(withinClockWindow(nowSec + skew, nowSec), expected);
    // Beyond 2038 the top bit is set; the field is unsigned.
    assert.equal(withinClockWindow(0xf000_0000 + skew, 0xf000_0000), expected);
  }
  assert.equal(clockSkewSec(nowSec + 130, nowSec), 130);
  assert.equal(withinClockWindow(0, nowSec), false);
  // In 2106 the field wraps and the window goes around with it.
  assert.equal(withinClockWindow(10, 0x1_0000_0000 - 10), true);
});

const toClient: AyiyaExpectation = { identity: pop, enabled: true, key, role: "client" };
const toPop: AyiyaExpectation = { identity: client, enabled: true, key, role: "pop" };
const by = { nowSec: wallSec(nowSec), sha1 };
const fromClient = { opcode: 1, nextHeader: 41, epochSec: nowSec, identity: client, payload: inner } as const;

function refusalOf(packet: Omit<AyiyaPacket, "signature">, expected = toPop): string {
  const result = acceptAyiya(sealAyiya(packet, key, sha1), expected, by);
  return result.ok ? "accepted" : result.reason;
}

test("each refusal of the closed list has its packet", () => {
  const short = encodeAyiya({ ...fromClient, payload: new Uint8Array(0) }).subarray(0, 43);
  const bent = (at: number, value: number): Uint8Array => sealAyiya(fromClient, key, sha1).map((byte, i) => (i === at ? value : byte));
  const reason = (bytes: Uint8Array): string => {
    const result = acceptAyiya(bytes, toPop, by);
    return result.ok ? "accepted" : result.reason;
  };
  const seen = [
    reason(short),
    reason(bent(ayiyaAt.lengths, 0x31)),
    reason(bent(ayiyaAt.methods, 0x51)),
    reason(bent(ayiyaAt.operation, 0x21)),
    reason(bent(ayiyaAt.operation, 0x18)),
    refusalOf({ ...fromClient, opcode: 4 }),
    refusalOf({ ...fromClient, nextHeader: 4 }),
    refusalOf({ ...fromClient, payload: inner.subarray(0, 39) }),
    refusalOf({ ...fromClient, identity: makeIpv6(client.value + 0x75n) }),
    refusalOf(fromClient, { ...toPop, enabled: false }),
    refusalOf({ ...fromClient, payload: inner.map((byte, i) => (i === 0 ? 0x45 : byte)) }),
    refusalOf({ ...fromClient, payload: inner.subarray(0, 49) }),
    refusalOf({ ...fromClient, epochSec: nowSec + 121 }),
    reason(bent(ayiyaAt.signature, 0)),
  ];
  // The last three need a session's memory and are met there.
  assert.deepEqual(seen, ayiyaRefusals.slice(0, -3));
});

test("the PoP takes what aiccu sends: beats, forwards, and echo requests of other clients", () => {
  for (const opcode of [0, 1, 2, 3] as const) {
    assert.equal(refusalOf({ ...fromClient, opcode }), "accepted");
    assert.equal(refusalOf({ ...fromClient, opcode, nextHeader: 59, payload: new Uint8Array(0) }), "accepted");
  }
});

test("aiccu takes everything that our client takes, and more only where the inner packet is cut short", () => {
  const aiccu = { pop: encodeIpv6(pop), secret, nowSec };
  const random = makeSeededRandom(11);
  const fromPop = { opcode: 1, nextHeader: 41, epochSec: nowSec, identity: pop, payload: inner } as const;
  const payloads = [inner, inner.subarray(0, 45), inner.subarray(0, 20), new Uint8Array(0), random(60), Uint8Array.of(0x60)];
  const differences = new Set<string>();
  let taken = 0;
  for (const opcode of [0, 1, 2, 3, 4, 5, 6, 7] as const)
    for (const nextHeader of [41, 59, 4, 17])
      for (const identity of [pop, client])
        for (const skew of [-121, -120, 0, 120, 121])
          for (const payload of payloads) {
            const bytes = sealAyiya({ ...fromPop, opcode, nextHeader, identity, epochSec: nowSec + skew, payload }, key, sha1);
            const ours = acceptAyiya(bytes, toClient, by);
            const theirs = aiccuAccepts(bytes, aiccu);
            if (ours.ok) taken += 1;
            if (ours.ok) assert.equal(theirs, true, formatHex(bytes));
            else if (theirs) differences.add(ours.reason);
          }
  assert.ok(taken > 0);
  assert.deepEqual([...differences].toSorted(), ["inner-cut-short", "inner-too-short"]);
  for (const bent of flipEveryBit(sealAyiya(fromPop, key, sha1))) {
    assert.equal(acceptAyiya(bent, toClient, by).ok, false);
    assert.equal(aiccuAccepts(bent, aiccu), false);
  }
});
