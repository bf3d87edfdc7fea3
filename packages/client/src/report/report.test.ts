import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeLatin1, makeIpv4, makeIpv6, makePrefix, wallSec } from "@tombolo/base";
import type { StatusReport } from "../control/messages.ts";
import type { RunNote } from "../run/client-run.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import { describeNote, formatNote } from "./notes.ts";
import { formatStatus } from "./status-text.ts";
import { formatBytes, formatDuration, formatRtt } from "./units.ts";

const grant: TunnelGrant = {
  id: 1001,
  type: "ayiya",
  pop: "nlams01",
  popIpv4: makeIpv4(0xc0000201),
  popAddress: makeIpv6(0x20010db8000100000000000000000001n),
  clientAddress: makeIpv6(0x20010db8000100000000000000000002n),
  prefixLengthBits: 64,
  ipv4Endpoint: "ayiya",
  mtuBytes: 1280,
  beatSec: 60,
  secret: encodeLatin1("tunnel-secret"),
  delegations: [makePrefix(makeIpv6(0x20010db8800100000000000000000000n), 64)],
};
const failure = { code: "wrong-key", server: "h:3874", user: "ABC1-TMB" } as const;
const notes: readonly (readonly [RunNote, RegExp])[] = [
  [{ kind: "login", attempt: 2 }, /Logging in to h:3874 as ABC1-TMB \(attempt 2\)/],
  [{ kind: "granted", grant }, /T1001 at PoP nlams01 \(192\.0\.2\.1\), AYIYA, MTU 1280/],
  [
    { kind: "configured", grant, device: "tmb0", metric: 2048, outrankedBy: { device: "eth0", metric: 1024 } },
    /tmb0 has 2001:db8:1::2\/64 and the default route \(metric 2048\)\. The default route of eth0 \(metric 1024\) comes before it/,
  ],
  [{ kind: "checking", grant }, /2001:db8:1::1 by UDP 192\.0\.2\.1:5072/],
  [
    { kind: "proven", grant, rttMs: 1.26 },
    /IPv6 is up: 2001:db8:1::2\/64 through PoP nlams01, 2001:db8:8001::\/64 for the network behind this host, round trip 1\.3 ms/,
  ],
  [{ kind: "silent", grant, skewSec: -300 }, /does not answer at UDP 192\.0\.2\.1:5072; asking on\. Its packets are 300 s off/],
  [{ kind: "answers-again", silentSec: 125, rttMs: 30 }, /after 2 min 5 s, round trip 30 ms/],
  [{ kind: "moved", from: makeIpv4(0x0a000001), to: makeIpv4(0x0a000002) }, /from 10\.0\.0\.1 to 10\.0\.0\.2/],
  [{ kind: "moved", from: makeIpv4(0x0a000001), to: undefined }, /lost its IPv4 route/],
  [{ kind: "moved", from: undefined, to: makeIpv4(0x0a000002) }, /again, from 10\.0\.0\.2/],
  [{ kind: "clock-jumped", bySec: 3600 }, /3600 s/],
  [{ kind: "asks-again" }, /Asking the broker/],
  [{ kind: "unchanged" }, /no change/],
  [{ kind: "changed", grant }, /changed the tunnel: .*MTU 1280/],
  [{ kind: "waiting", failure, waitSec: 120 }, /ABC1-TMB.* Next try in 2 min/],
  [{ kind: "checking", grant: { ...grant, type: "6in4-static" } }, /2001:db8:1::1 by protocol 41 to 192\.0\.2\.1/],
  [{ kind: "granted", grant: { ...grant, type: "6in4-heartbeat" } }, /6in4 with heartbeat/],
  [{ kind: "beating", on: false }, /Beats are off/],
  [{ kind: "repaired", device: "tmb0", damage: ["up", "default-route"], failure: undefined }, /tmb0 \(lost: up, default route\); put back/],
  [{ kind: "repaired", device: "tmb0", damage: ["mtu"], failure }, /could not be put back\. .*ABC1-TMB/],
  [{ kind: "script-failed", script: "/etc/up", message: "it ended with 3" }, /setup script \/etc\/up failed: it ended with 3/],
  [{ kind: "stopping" }, /down/],
];

test("every note has a sentence, and an object for machines that names the event; neither holds the secret", () => {
  for (const [note, says] of notes) {
    assert.match(formatNote(note, { server: "h:3874", user: "ABC1-TMB" }).text, says);
    const described = JSON.stringify(describeNote(note));
    assert.ok(described.startsWith(`{"event":"${note.kind}"`), described);
    assert.ok(!described.includes("tunnel-secret") && !described.includes("secret"), described);
  }
});

test("a status is a table, and what is not known has no row", () => {
  const status: StatusReport = {
    device: "tmb0",
    pid: 7,
    program: "tombolo/0.1.0",
    state: "up",
    provenAt: "2026-11-20T09:00:00Z",
    tunnel: {
      id: "T1001",
      pop: "nlams01",
      popEndpoint: "192.0.2.1:5072",
      encapsulation: "ayiya",
      address: "2001:db8:1::2/64",
      gateway: "2001:db8:1::1",
      mtuBytes: 1280,
      beatSec: 60,
      delegations: [],
    },
    source: "10.0.0.2",
    sourcePort: 40_000,
    answer: { at: "2026-11-20T09:59:50Z", rttMs: 1.25, unansweredChecks: 0 },
    counters: { inPackets: 3, inBytes: 264, outPackets: 3, outBytes: 45_200, drops: 4 },
    drops: [{ reason: "wrong-source", count: 4, lastAt: "2026-11-20T09:59:00Z", lastSource: "192.0.2.9:1" }],
    outrankedBy: { device: "eth0", metric: 1024 },
    repair: { at: "2026-11-20T09:58:00Z", damage: ["address", "default-route"] },
    failure: null,
  };
  const now = wallSec(Date.parse("2026-11-20T10:00:00Z") / 1000);
  const text = formatStatus(status, now);
  assert.match(text, /^tmb0 +up \(process 7/);
  assert.match(text, /^endpoint +10\.0\.0\.2:40000 on this host$/m);
  assert.match(text, /^answer +10 s ago, round trip 1\.3 ms$/m);
  assert.match(text, /^up since +2026-11-20T09:00:00Z, 1 h ago$/m);
  assert.match(text, /^sent +3 packets, 45\.2 kB$/m);
  assert.match(text, /^dropped +4 wrong-source \(last 1 min ago from 192\.0\.2\.9:1\)$/m);
  assert.match(text, /^warning +the default route of eth0 \(metric 1024\) comes first/m);
  assert.match(text, /^changed +by another program 2 min ago, lost: address, default route$/m);
  const bare = formatStatus(
    {
      ...status,
      state: "waiting",
      provenAt: null,
      tunnel: null,
      answer: null,
      counters: null,
      outrankedBy: null,
      repair: null,
      failure: { code: "wrong-key", exitCode: 12, message: "no" },
    },
    now,
  );
  assert.equal(bare.split("\n").length, 2);
  assert.match(bare, /trouble +no/);
});

test("units", () => {
  assert.deepEqual([0, 59, 60, 125, 3600, 90_061].map(formatDuration), ["0 s", "59 s", "1 min", "2 min 5 s", "1 h", "1 d 1 h"]);
  assert.deepEqual([0, 999, 1000, 999_949, 999_950, 1.5e9].map(formatBytes), ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "1.5 GB"]);
  assert.deepEqual([0.26, 9.96, 240.4].map(formatRtt), ["0.3 ms", "10.0 ms", "240 ms"]);
});
