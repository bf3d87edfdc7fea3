import assert from "node:assert/strict";
import { decodeLatin1, isIpv4Endpoint, makeIpv4, wallSec } from "@tombolo/base";
import {
  acceptBeat,
  beatDigestIsRight,
  beatRefusals,
  decodeBeat,
  formatBeatHead,
  heartbeatLimits,
  makeBeat,
  noBeats,
  type BeatTunnel,
} from "@tombolo/protocols";
import { md5, readVectors } from "@tombolo/testkit";
import { textSeeds, type FuzzTarget } from "../target.ts";

const password = "91915d757a09bfc94d5028832d85cc0d";
const messages = readVectors("heartbeat", ".json").map(({ text }) => (JSON.parse(text) as { message: string }).message);

/** Heartbeats: what decodes prints as it came, and what is accepted carries the right digest, as sent or signed anew. */
export const heartbeatTarget: FuzzTarget = {
  name: "heartbeat",
  seeds: textSeeds(...messages, `${messages[0] ?? ""}\r\n`),
  words: ["HEARTBEAT TUNNEL ", "sender", " ", "\r\n", "1136073600", "192.0.2.10", "2001:db8::2", "0".repeat(32)],
  run: (bytes) => {
    const decoded = decodeBeat(bytes);
    if (!decoded.ok) {
      assert.ok((beatRefusals as readonly string[]).includes(decoded.reason) && decoded.at <= bytes.length);
      return decoded.reason;
    }
    const beat = decoded.value;
    assert.ok(bytes.length <= heartbeatLimits.messageBytes);
    const plain = decodeLatin1(bytes).replace(/[\r\n]+$/, "");
    if (!/ 0\d+ [0-9a-f]{32}$/.test(plain)) assert.equal(formatBeatHead(beat) + beat.digest, plain);
    const tunnel: BeatTunnel = { clientAddress: beat.address, enabled: true, takesBeats: true, password, beats: noBeats };
    const arrival = {
      source: beat.sender === "sender" ? makeIpv4(0xc000_020a) : beat.sender,
      nowSec: wallSec(beat.timeSec),
      findTunnel: () => tunnel,
      mayBeEndpoint: isIpv4Endpoint,
      mayHash: () => true,
      md5,
    };
    const [asSent, anew] = [bytes, makeBeat({ ...beat, nowSec: arrival.nowSec, password }, md5)].map((message) =>
      acceptBeat(message, arrival),
    );
    if (asSent?.kind === "accepted") assert.ok(beatDigestIsRight(beat, password, md5));
    if (isIpv4Endpoint(arrival.source) && anew !== undefined) assert.equal(anew.kind, "accepted");
    return [asSent, anew].map((verdict) => (verdict?.kind === "refused" ? verdict.reason : "accepted")).join(" ");
  },
};
