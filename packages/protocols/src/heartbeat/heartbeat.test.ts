import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLatin1, encodeLatin1, formatHex, isIpv4Endpoint, makeIpv4, makeIpv6, wallSec } from "@tombolo/base";
import { drillDecoder, md5, readVectors } from "@tombolo/testkit";
import fc from "fast-check";
import { acceptBeat, beatRefusals, noBeats, type BeatArrival, type BeatTunnel, type BeatVerdict } from "./accept.ts";
import { decodeBeat, formatBeatHead, heartbeatLimits, type BeatSender } from "./codec.ts";
import { makeBeat } from "./sign.ts";

const nowSec = 1_136_073_600;
const password = "91915d757a09bfc94d5028832d85cc0d";
const address = makeIpv6(0x2001_0db8_02ff_0002_0000_0000_0000_0002n);
const home = makeIpv4(0xc000_020a);
const elsewhere = makeIpv4(0xc633_6407);
const tunnel: BeatTunnel = { clientAddress: address, enabled: true, takesBeats: true, password, beats: noBeats };
const messages = readVectors("heartbeat", ".json").map(({ text }) => (JSON.parse(text) as { message: string }).message);

type Arrival = Partial<BeatArrival<BeatTunnel>> & { readonly at?: BeatTunnel };

function arrive(message: string | Uint8Array, { at = tunnel, ...change }: Arrival = {}): BeatVerdict<BeatTunnel> {
  return acceptBeat(typeof message === "string" ? encodeLatin1(message) : message, {
    source: home,
    nowSec: wallSec(nowSec),
    findTunnel: (wanted) => (wanted.value >> 64n === at.clientAddress.value >> 64n ? at : undefined),
    mayBeEndpoint: isIpv4Endpoint,
    mayHash: () => true,
    md5,
    ...change,
  });
}

/** "accepted", or why not. */
function says(message: string | Uint8Array, arrival: Arrival = {}): string {
  const verdict = arrive(message, arrival);
  return verdict.kind === "accepted" ? "accepted" : verdict.reason;
}

function beat(change: { readonly sender?: BeatSender; readonly timeSec?: number } = {}): string {
  const { sender = "sender", timeSec = nowSec } = change;
  return decodeLatin1(makeBeat({ address, sender, nowSec: wallSec(timeSec), password }, md5));
}

/** A beat whose text is given as far as its digest, signed right. */
function signed(text: string): string {
  return `${text}${formatHex(md5(encodeLatin1(text + password)))}`;
}

/** The tunnel after it took a beat. */
function after(message: string, arrival: Arrival = {}): BeatTunnel {
  const verdict = arrive(message, arrival);
  assert.ok(verdict.kind === "accepted");
  return { ...verdict.tunnel, beats: verdict.beats };
}

test("every beat survives the round trip", () => {
  const beats = fc.record({
    address: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(makeIpv6),
    sender: fc.oneof(fc.constant("sender" as const), fc.nat(0xffff_ffff).map(makeIpv4)),
    nowSec: fc.nat(0xffff_ffff).map(wallSec),
    password: fc.stringMatching(/^[0-9a-z]{1,132}$/),
  });
  fc.assert(
    fc.property(beats, (wish) => {
      const bytes = makeBeat(wish, md5);
      const decoded = decodeBeat(bytes);
      assert.ok(decoded.ok);
      assert.deepEqual([decoded.value.address, decoded.value.sender, decoded.value.timeSec], [wish.address, wish.sender, wish.nowSec]);
      assert.equal(formatBeatHead(decoded.value) + decoded.value.digest, decodeLatin1(bytes));
    }),
  );
});

test("the decoder passes the drill", () => {
  drillDecoder({
    samples: [...messages, `${messages[0] ?? ""}\r\n`].map(encodeLatin1),
    decode: decodeBeat,
    reasons: beatRefusals,
    mayCutTo: (sample, length) => /^[\r\n]+$/.test(decodeLatin1(sample.subarray(length))),
  });
});

test("a beat of aiccu, which always says sender, is accepted and brings the tunnel to the datagram's source", () => {
  const verdict = arrive(beat());
  assert.ok(verdict.kind === "accepted");
  assert.deepEqual([verdict.moves, verdict.beats], [true, { source: home, timeSec: nowSec, movedAtSec: nowSec }]);
});

test("trailing CR and LF are stripped", () => {
  for (const end of ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"]) assert.equal(says(`${beat()}${end}`), "accepted");
});

test("255 bytes are the bound, and what is longer is dropped before anything of it is read", () => {
  const full = `${beat()}${"\n".repeat(heartbeatLimits.messageBytes - beat().length)}`;
  assert.equal(full.length, 255);
  assert.equal(says(full), "accepted");
  assert.equal(says(`${full}\n`), "too-long");
});

test("the PoP accepts any valid spelling of the address, because aiccu copies TIC's text, and hashes it as sent", () => {
  for (const text of ["2001:DB8:2FF:2::2", "2001:0db8:02ff:0002:0000:0000:0000:0002", "2001:db8:2ff:2:0:0:0.0.0.2"]) {
    assert.equal(says(signed(`HEARTBEAT TUNNEL ${text} sender ${nowSec} `)), "accepted", text);
  }
  assert.equal(says(signed(`HEARTBEAT TUNNEL 2001:db8:2ff:2::2/64 sender ${nowSec} `)), "address-malformed");
});

test("the whole ::2 must be right, not only its /64", () => {
  assert.equal(says(signed(`HEARTBEAT TUNNEL 2001:db8:2ff:2::77 sender ${nowSec} `)), "tunnel-unknown");
});

test("an address of its own must be the datagram's source, and the word sender is in small letters", () => {
  assert.equal(says(beat({ sender: home })), "accepted");
  assert.equal(says(beat({ sender: elsewhere })), "sender-mismatch");
  for (const word of ["Sender", "SENDER", "192.0.2.010", "2001:db8::1", ""]) {
    assert.equal(says(signed(`HEARTBEAT TUNNEL 2001:db8:2ff:2::2 ${word} ${nowSec} `)), "sender-malformed", word);
  }
});

test("the clock window is 120 seconds either way, inclusive", () => {
  for (const skew of [0, 120, -120]) assert.equal(says(beat({ timeSec: nowSec + skew })), "accepted");
  for (const skew of [121, -121, -nowSec]) {
    const verdict = arrive(beat({ timeSec: nowSec + skew }));
    assert.ok(verdict.kind === "refused");
    assert.deepEqual([verdict.reason, verdict.skewSec, verdict.tunnel], ["clock-off", skew, tunnel]);
  }
});

test("the time is re-printed as a plain number for the digest, as sixxsd does", () => {
  const zeros = signed(`HEARTBEAT TUNNEL 2001:db8:2ff:2::2 sender ${nowSec} `).replace(` ${nowSec} `, ` 00${nowSec} `);
  assert.equal(says(zeros), "accepted");
  for (const text of ["+1", "-1", "1e9", "0x10", "1136073600.0", "9".repeat(16)]) {
    assert.equal(says(signed(`HEARTBEAT TUNNEL 2001:db8:2ff:2::2 sender ${text} `)), "time-malformed", text);
  }
});

test("the digest is an exact string: upper-case digits, another digit or anything behind it fail", () => {
  const good = beat();
  assert.equal(says(good.slice(0, -32) + good.slice(-32).toUpperCase()), "digest-malformed");
  for (const tail of [" ", " x", "0", "\0", "\n ", "\t"]) assert.equal(says(good + tail), "digest-malformed", JSON.stringify(tail));
  const last = good.endsWith("0") ? "1" : "0";
  assert.equal(says(good.slice(0, -1) + last), "digest-wrong");
  assert.equal(says(beat(), { at: { ...tunnel, password: "another" } }), "digest-wrong");
});

test("exactly one space stands between fields, and the words before them are exact", () => {
  const good = beat();
  assert.equal(says(good.replace(" sender", "  sender")), "sender-malformed");
  assert.equal(says(good.replace("TUNNEL ", "TUNNEL  ")), "address-malformed");
  for (const bent of [good.toLowerCase(), good.slice(1), ` ${good}`, "HEARTBEAT DISABLE x", ""])
    assert.equal(says(bent), "not-a-beat", bent);
});

test("checks come in the sheet's order: of several faults the first one is told", () => {
  const wrong = "HEARTBEAT TUNNEL 2001:db8:2ff:2::2";
  const other: Arrival = { at: { ...tunnel, clientAddress: makeIpv6(1n) } };
  assert.equal(says("HEARTBEAT TUNNEL ::g", other), "address-malformed");
  assert.equal(says(wrong, other), "tunnel-unknown");
  assert.equal(says(wrong, { at: { ...tunnel, enabled: false, takesBeats: false } }), "tunnel-disabled");
  assert.equal(says(wrong, { at: { ...tunnel, takesBeats: false }, source: makeIpv4(0x7f00_0001) }), "tunnel-not-heartbeat");
  assert.equal(says(wrong, { source: makeIpv4(0x7f00_0001) }), "source-refused");
  assert.equal(says(wrong), "sender-missing");
  assert.equal(says(`${wrong} Sender x`), "sender-malformed");
  assert.equal(says(`${wrong} 192.0.2.99 x`), "sender-mismatch");
  assert.equal(says(`${wrong} sender`), "time-missing");
  assert.equal(says(`${wrong} sender x`), "time-malformed");
  assert.equal(says(`${wrong} sender 1`), "clock-off");
  assert.equal(says(`${wrong} sender ${nowSec}`, { mayHash: () => false }), "digest-missing");
  assert.equal(says(`${wrong} sender ${nowSec} x`, { mayHash: () => false }), "digest-malformed");
  assert.equal(says(`${wrong} sender ${nowSec} ${"0".repeat(32)}`, { mayHash: () => false }), "source-throttled");
});

test("nothing is hashed for a datagram that a cheaper check refuses", () => {
  let hashes = 0;
  const counting = (bytes: Uint8Array): Uint8Array => {
    hashes += 1;
    return md5(bytes);
  };
  for (const message of ["x", beat({ timeSec: nowSec - 500 }), `${beat()}x`, beat({ sender: elsewhere })]) says(message, { md5: counting });
  says(beat(), { md5: counting, mayHash: () => false });
  assert.equal(hashes, 0);
  says(beat(), { md5: counting });
  assert.equal(hashes, 1);
});

test("two identical beats from the current endpoint are normal: aiccu starts with them", () => {
  const at = after(beat());
  const again = arrive(beat(), { at });
  assert.ok(again.kind === "accepted");
  assert.deepEqual([again.moves, again.beats], [false, at.beats]);
  assert.equal(says(beat({ timeSec: nowSec - 60 }), { at }), "accepted");
});

test("a copy of a beat from another address never moves the endpoint, at its own time or later", () => {
  const at = after(beat());
  const copy = arrive(beat(), { at, source: elsewhere });
  assert.ok(copy.kind === "refused");
  assert.deepEqual([copy.reason, copy.verified], ["replayed", true]);
  const later = after(beat({ timeSec: nowSec + 60 }), { at, nowSec: wallSec(nowSec + 60) });
  assert.equal(says(beat(), { at: later, source: elsewhere, nowSec: wallSec(nowSec + 100) }), "move-stale");
});

test("an older beat from the current endpoint does not open the door to copies of newer ones", () => {
  const at = after(beat({ timeSec: nowSec - 60 }), { at: after(beat()) });
  assert.equal(at.beats.timeSec, nowSec);
  assert.equal(says(beat(), { at, source: elsewhere }), "replayed");
});

test("a newer beat from another address moves, but not within ten seconds of the last move", () => {
  const at = after(beat());
  const soon = { at, source: elsewhere, nowSec: wallSec(nowSec + 9) };
  assert.equal(says(beat({ timeSec: nowSec + 9 }), soon), "move-too-soon");
  const moved = arrive(beat({ timeSec: nowSec + 10 }), { at, source: elsewhere, nowSec: wallSec(nowSec + 10) });
  assert.ok(moved.kind === "accepted");
  assert.deepEqual([moved.moves, moved.beats], [true, { source: elsewhere, timeSec: nowSec + 10, movedAtSec: nowSec + 10 }]);
});

test("a clock of the PoP that was set back does not hold moves up", () => {
  const at = { ...tunnel, beats: { source: home, timeSec: nowSec - 1, movedAtSec: nowSec + 3600 } };
  assert.equal(says(beat(), { at, source: elsewhere }), "accepted");
});

test("each refusal of the closed list is met by one of the tests above, and unverified ones say so", () => {
  const verified = new Set(["replayed", "move-stale", "move-too-soon"]);
  const at = after(beat());
  for (const [message, arrival] of [
    [`${beat()}x`, {}],
    [beat(), { at, source: elsewhere }],
    [beat({ timeSec: nowSec - 1 }), { at, source: elsewhere }],
    [beat({ timeSec: nowSec + 1 }), { at, source: elsewhere }],
    [beat(), { at: { ...tunnel, password: "x" } }],
  ] as const) {
    const verdict = arrive(message, arrival);
    assert.ok(verdict.kind === "refused");
    assert.equal(verdict.verified, verified.has(verdict.reason), verdict.reason);
  }
});
