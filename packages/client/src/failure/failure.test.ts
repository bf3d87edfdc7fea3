import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { makeIpv4 } from "@tombolo/base";
import { environmentName, settingNames } from "../config/fields.ts";
import { describeFailure } from "./describe.ts";
import { errorMessage, printable } from "./errors.ts";
import { exitCodes, patienceFor, type Failure } from "./failure.ts";

const line = { tunnel: "T1001", address: "2001:db8:1::2", endpoint: "ayiya", pop: "nlams01" };
const samples: { readonly [Code in Failure["code"]]: Extract<Failure, { code: Code }> & { readonly says: RegExp } } = {
  internal: { code: "internal", message: "x", says: /bug of tombolo: x/ },
  "bad-usage": { code: "bad-usage", message: "Unknown option", command: "up", says: /see "tombolo up --help"/ },
  "bad-configuration": {
    code: "bad-configuration",
    where: "/f line 3",
    field: "metric",
    value: "x",
    fix: "write a number",
    says: /\/f line 3: metric = "x": write a number/,
  },
  "not-running": { code: "not-running", device: "tmb0", says: /tmb0.*tombolo up/ },
  "no-permission": { code: "no-permission", what: "Making it", says: /Making it needs root.*sudo/ },
  "no-tun": { code: "no-tun", message: "no /dev/net/tun", says: /modprobe tun/ },
  "already-running": { code: "already-running", device: "tmb0", pid: 7, says: /process 7.*tombolo down/ },
  "device-busy": { code: "device-busy", device: "tmb0", says: /tmb0 exists already.*--device/ },
  "system-refused": { code: "system-refused", what: "to set up", message: "why", says: /to set up: why/ },
  "not-stopped": { code: "not-stopped", device: "tmb0", pid: 7, says: /Process 7/ },
  "server-unreachable": {
    code: "server-unreachable",
    server: "h:3874",
    message: "connection refused",
    says: /h:3874 cannot be reached \(connection refused\)/,
  },
  "server-refused": { code: "server-refused", server: "h:3874", message: "busy", says: /refused: busy/ },
  "wrong-key": { code: "wrong-key", server: "h:3874", user: "ABC1-TMB", says: /did not accept the access key of ABC1-TMB/ },
  "clock-off": { code: "clock-off", skewSec: 437, said: "the broker's", says: /clock is 437 seconds behind the broker's/ },
  "no-tunnel": { code: "no-tunnel", user: "ABC1-TMB", says: /has no tunnel yet/ },
  "several-tunnels": {
    code: "several-tunnels",
    tunnels: [line, { ...line, tunnel: "T1002" }],
    says: /There are 2 tunnels: pick one with --tunnel[^]*\nT1001 .*\nT1002 .*nlams01$/,
  },
  "tunnel-not-found": { code: "tunnel-not-found", tunnel: "T7", says: /no tunnel T7.*--tunnel/ },
  "tunnel-disabled": { code: "tunnel-disabled", tunnel: "T7", by: "operator", says: /switched off by the operator/ },
  "pop-down": {
    code: "pop-down",
    tunnel: "T7",
    message: "This PoP is down: nlams01, since noon",
    says: /PoP of tunnel T7 is down.*nlams01, since noon/,
  },
  "tunnel-unsupported": { code: "tunnel-unsupported", tunnel: "T7", message: "not by TIC", says: /not by TIC.*ayiya/ },
  unanswered: {
    code: "unanswered",
    pop: "nlams01",
    ipv4: makeIpv4(0xc0000201),
    type: "ayiya",
    seconds: 10,
    routed: true,
    privateSource: undefined,
    expectedSource: undefined,
    says: /UDP 192\.0\.2\.1:5072 for 10 seconds.*firewall or NAT/,
  },
  "plane-failed": { code: "plane-failed", message: "x", says: /data plane stopped: x/ },
  "tunnel-malformed": { code: "tunnel-malformed", tunnel: "T7", message: "mtuBytes", says: /T7 cannot be used \(mtuBytes\)/ },
};

test("every failure says why and what to do in one sentence", () => {
  for (const sample of Object.values(samples)) {
    const text = describeFailure(sample);
    assert.match(text, sample.says);
    assert.match(text.split("\n")[0] ?? "", /\.$/);
  }
});

test("protocol 41 that gets no answer names the NAT, the other address or the firewall, and proposes AYIYA", () => {
  const silent = { ...samples.unanswered, type: "6in4-heartbeat" } as const;
  const own = makeIpv4(0xc0a80102);
  assert.match(
    describeFailure(silent),
    /did not answer by protocol 41 to 192\.0\.2\.1 for 10 seconds: let IP protocol 41 pass.*type to ayiya/,
  );
  assert.match(describeFailure({ ...silent, privateSource: own }), /192\.168\.1\.2 is private, and the NAT.*type to ayiya/);
  const elsewhere = { ...silent, type: "6in4-static", expectedSource: makeIpv4(0xc6336407) } as const;
  assert.match(describeFailure(elsewhere), /expects this tunnel's packets from 198\.51\.100\.7.*type to ayiya/);
});

test("a PoP that is down is named, with how long it has been missed, where that is known", () => {
  const down = { ...samples["pop-down"], pop: "nlams01", silentSec: 95 };
  assert.match(describeFailure(down), /^PoP nlams01 of tunnel T7 is down, silent for 1 min 35 s \(the broker says/);
});

test("exit codes are distinct but for the two kinds of wrong input, and stay clear of the shell's own", () => {
  const codes = Object.entries(exitCodes);
  const shared = codes.filter(([, number]) => number === 2).map(([code]) => code);
  assert.deepEqual(shared, ["bad-usage", "bad-configuration"]);
  assert.equal(new Set(codes.map(([, number]) => number)).size, codes.length - 1);
  assert.ok(codes.every(([, number]) => number > 0 && number < 64));
});

test("the README lists every exit code and every setting", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  for (const [code, number] of Object.entries(exitCodes)) assert.match(readme, new RegExp(`\\| ${number} \\| [^|]*\`${code}\``), code);
  for (const name of settingNames) assert.match(readme, new RegExp(`\\| \`${name}\` \\| \`${environmentName(name)}\` \\|`), name);
});

test("a clock that is ahead is told apart from one that is behind", () => {
  assert.match(describeFailure({ code: "clock-off", skewSec: -130, said: "the broker's" }), /130 seconds ahead of/);
});

test("what only this host's user can mend is never tried again", () => {
  const never = Object.values(samples).filter((sample) => patienceFor(sample) === "never");
  assert.ok(never.some((sample) => sample.code === "several-tunnels"));
  assert.ok(!never.some((sample) => sample.code === "pop-down" || sample.code === "server-unreachable"));
});

test("others' words become one printable line of bounded length", () => {
  assert.equal(printable("a\u001b[31m\r\nb\u202ec", 20), "a [31m b c");
  assert.equal(printable("x".repeat(30), 10), `${"x".repeat(10)}…`);
  assert.equal(errorMessage(Object.assign(new Error("long text"), { code: "ECONNREFUSED" })), "connection refused");
});
