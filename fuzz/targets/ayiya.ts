import assert from "node:assert/strict";
import { formatHex, makeIpv4, makeIpv6, makeSeededRandom, monotonicMs, parseHex, wallSec } from "@tombolo/base";
import {
  ayiyaAt,
  ayiyaClientStart,
  ayiyaEpochSec,
  ayiyaHeaderBytes,
  ayiyaRefusals,
  ayiyaServerStart,
  decodeAyiya,
  deriveAyiyaKey,
  encodeAyiya,
  signAyiya,
  stepAyiyaClient,
  stepAyiyaServer,
} from "@tombolo/protocols";
import { readVectors, sha1 } from "@tombolo/testkit";
import type { FuzzTarget } from "../target.ts";

const secret = "f3d47c2de40fb698e1ab15d757a09bfc";
const key = deriveAyiyaKey(secret, sha1);
const client = makeIpv6(0x2001_0db8_02ff_0001_0000_0000_0000_0002n);
const pop = makeIpv6(0x2001_0db8_02ff_0001_0000_0000_0000_0001n);
const from = { ipv4: makeIpv4(0xc633_6407), port: 4000 };

/** AYIYA: what decodes encodes to itself, and both roles take what was bent, as it is and signed anew. */
export const ayiyaTarget: FuzzTarget = {
  name: "ayiya",
  seeds: readVectors("ayiya", ".json").map(({ text }) => {
    const bytes = parseHex((JSON.parse(text) as { hex: string[] }).hex.join(""));
    assert.ok(bytes.ok);
    return bytes.value;
  }),
  run: (bytes) => {
    const decoded = decodeAyiya(bytes);
    if (decoded.ok) assert.equal(formatHex(encodeAyiya(decoded.value)), formatHex(bytes));
    else assert.ok((ayiyaRefusals as readonly string[]).includes(decoded.reason) && decoded.at <= bytes.length);
    const outcomes = [decoded.ok ? `op${decoded.value.opcode}` : decoded.reason, drive(bytes)];
    if (bytes.length >= ayiyaHeaderBytes) {
      for (const identity of [client, pop]) {
        const signed = bytes.slice();
        signed.set(new Uint8Array(16), ayiyaAt.identity);
        new DataView(signed.buffer).setBigUint64(ayiyaAt.identity, identity.value >> 64n);
        new DataView(signed.buffer).setBigUint64(ayiyaAt.identity + 8, identity.value & 0xffff_ffff_ffff_ffffn);
        signAyiya(signed, key, sha1);
        outcomes.push(drive(signed));
      }
    }
    return outcomes.join(" ");
  },
};

/** Both sessions at the packet's own time, so that the bent time does not hide the rest. */
function drive(bytes: Uint8Array): string {
  const nowSec = wallSec(bytes.length >= ayiyaHeaderBytes ? ayiyaEpochSec(bytes, 0) : 0);
  const clock = { nowMs: monotonicMs(1000), nowSec };
  const tunnel = { key, heartbeatSec: 60, sha1 };
  const atPop = { ...tunnel, localAddress: pop, remoteAddress: client, enabled: true, random: makeSeededRandom(1) };
  const served = stepAyiyaServer(atPop, ayiyaServerStart, { kind: "datagram", from, bytes }, clock);
  const atClient = { ...tunnel, localAddress: client, remoteAddress: pop };
  const taken = stepAyiyaClient(atClient, ayiyaClientStart, { kind: "datagram", bytes }, clock);
  return [...served.effects, ...taken.effects].map((effect) => (effect.kind === "drop" ? effect.reason : effect.kind)).join("+");
}
