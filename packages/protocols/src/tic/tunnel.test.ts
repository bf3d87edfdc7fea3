import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeLatin1, makeIpv4, makeIpv6 } from "@tombolo/base";
import { aiccuTakesListLine, drillDecoder, fateOfAiccu, makeTicTunnel, readAiccuTunnel } from "@tombolo/testkit";
import fc from "fast-check";
import { formatPopShow } from "./pop.ts";
import { formatList } from "./reply.ts";
import { formatTunnelLine, formatTunnelShow, parseTunnelLine, parseTunnelShow, ticTunnelTypes, type TicTunnel } from "./tunnel.ts";

const bare = (tunnel: ReturnType<typeof makeTicTunnel>): TicTunnel => {
  const { handle: _, popDown: __, ...rest } = tunnel;
  return rest;
};
const sample = bare(makeTicTunnel(1001));
const address = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(makeIpv6);
const ipv4 = fc.nat(0xffff_ffff).map(makeIpv4);
const plain = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);

const tunnels: fc.Arbitrary<TicTunnel> = fc.record(
  {
    id: fc.integer({ min: 1, max: 0x7fff_ffff }).map((n): `T${number}` => `T${n}`),
    type: fc.constantFrom(...ticTunnelTypes),
    clientAddress: address,
    popAddress: address,
    prefixLengthBits: fc.nat(128),
    popName: plain,
    ipv4Endpoint: fc.oneof(ipv4, fc.constantFrom("ayiya" as const, "heartbeat" as const)),
    popIpv4: ipv4,
    userState: plain,
    adminState: plain,
    password: plain,
    heartbeatSec: fc.integer({ min: 1, max: 86_400 }),
    mtuBytes: fc.integer({ min: 1280, max: 1480 }),
  },
  { noNullPrototype: true },
);

function shown(tunnel: TicTunnel): readonly string[] {
  const lines = formatTunnelShow(tunnel);
  assert.ok(lines.ok);
  return lines.value;
}

const without = (title: string): readonly string[] => shown(sample).filter((line) => !line.startsWith(`${title}: `));
const fateWithout = (title: string): string => fateOfAiccu(readAiccuTunnel(without(title)));

test("every tunnel survives the round trip of show and of list", () => {
  fc.assert(
    fc.property(tunnels, (tunnel) => {
      assert.deepEqual(parseTunnelShow(shown(tunnel)), { ok: true, value: tunnel });
      const line = formatTunnelLine(tunnel);
      assert.ok(line.ok);
      const { id, clientAddress, ipv4Endpoint, popName } = tunnel;
      assert.deepEqual(parseTunnelLine(line.value), { ok: true, value: { id, clientAddress, ipv4Endpoint, popName } });
    }),
  );
});

test("aiccu reads from every show what was meant, and runs when both states are enabled", () => {
  fc.assert(
    fc.property(tunnels, (tunnel) => {
      const enabled = { ...tunnel, userState: "enabled", adminState: "enabled" };
      const read = readAiccuTunnel(shown(enabled));
      assert.equal(fateOfAiccu(read), "runs");
      assert.deepEqual(
        [read.type, read.password, read.heartbeatSec, read.mtuBytes, read.ipv6PrefixLength],
        [tunnel.type, tunnel.password, tunnel.heartbeatSec, tunnel.mtuBytes, tunnel.prefixLengthBits],
      );
    }),
  );
});

test("a missing Heartbeat_Interval makes aiccu beat in a busy loop, so it is always sent and never zero", () => {
  assert.equal(fateWithout("Heartbeat_Interval"), "beats in a busy loop");
  assert.deepEqual(formatTunnelShow({ ...sample, heartbeatSec: 0 }), { ok: false, reason: "heartbeatSec" });
});

test("a missing Type, IPv6 Endpoint, UserState or AdminState crashes aiccu, so they are always sent", () => {
  for (const title of ["Type", "IPv6 Endpoint", "UserState", "AdminState"]) assert.equal(fateWithout(title), "crashes", title);
});

test("a missing IPv4 Endpoint crashes aiccu for 6in4 types, so it is always sent", () => {
  const lines = shown({ ...sample, type: "6in4-heartbeat", ipv4Endpoint: "heartbeat" });
  assert.equal(fateOfAiccu(readAiccuTunnel(lines.filter((line) => !line.startsWith("IPv4 Endpoint")))), "crashes");
  assert.equal(fateOfAiccu(readAiccuTunnel(lines)), "runs");
});

test("a missing Tunnel MTU makes aiccu set an MTU of 0, so it is always sent and from 1280 to 1480", () => {
  assert.equal(fateWithout("Tunnel MTU"), "sets an MTU of 0");
  for (const mtuBytes of [0, 1279, 1481, 1300.5])
    assert.deepEqual(formatTunnelShow({ ...sample, mtuBytes }), { ok: false, reason: "mtuBytes" });
});

test("AYIYA without a Password stops aiccu, so it is always sent", () => {
  assert.equal(fateWithout("Password"), "refuses: no password");
});

test("aiccu matches keys by prefix, so no key of a show begins with another title", () => {
  const keys = shown(sample).map((line) => line.slice(0, line.indexOf(": ")));
  for (const key of keys)
    assert.deepEqual(
      keys.filter((other) => key.startsWith(other)),
      [key],
    );
});

test("no PoP key but its own begins with IPv4 or IPv6", () => {
  const pop = { name: "nlams01", city: "Amsterdam", country: "nl", ipv4: makeIpv4(1), ipv6: makeIpv6(1n), ispShort: "X", ispName: "Y" };
  const lines = formatPopShow({ ...pop, ispWebsite: "https://isp.example", ispAsn: "AS64496", ispLir: "zz" });
  assert.ok(lines.ok);
  assert.deepEqual(
    lines.value.filter((line) => /^IPv[46]/.test(line)),
    ["IPv4: 0.0.0.1", "IPv6: ::1"],
  );
  // pyaiccu raises on a data line without a colon.
  assert.ok(lines.value.every((line) => line.includes(":")));
});

test("values are pasted into shell commands as root, so nothing but plain words and addresses goes out", () => {
  for (const bad of ["", "a b", "$(reboot)", "x;y", "`x`", "a\nb", "a\r", "é", "'", "x".repeat(133)]) {
    for (const field of ["password", "userState", "adminState", "popName"] as const) {
      assert.deepEqual(formatTunnelShow({ ...sample, [field]: bad }), { ok: false, reason: field }, `${field} ${bad}`);
    }
    assert.deepEqual(formatTunnelLine({ ...sample, popName: bad }), { ok: false, reason: "popName" });
  }
  assert.deepEqual(formatTunnelShow({ ...sample, id: "T0" }), { ok: false, reason: "id" });
  assert.deepEqual(formatTunnelShow({ ...sample, prefixLengthBits: 129 }), { ok: false, reason: "prefixLengthBits" });
});

test("aiccu counts three blanks in a list line or aborts, so no field is empty or has one", () => {
  fc.assert(
    fc.property(tunnels, (tunnel) => {
      const line = formatTunnelLine(tunnel);
      assert.ok(line.ok && aiccuTakesListLine(line.value));
    }),
  );
});

test("no data line begins with 202, which would end the list", () => {
  fc.assert(
    fc.property(tunnels, (tunnel) => {
      const line = formatTunnelLine(tunnel);
      assert.ok(line.ok);
      assert.ok([...shown(tunnel), line.value].every((data) => !data.startsWith("202")));
    }),
  );
  assert.deepEqual(formatPopShow({ name: "202pop", city: "", country: "", ipv4: makeIpv4(1) }), { ok: false, reason: "name" });
});

test("the longest possible show stays below the 1000 bytes that aiccu can buffer", () => {
  const long = "x".repeat(64);
  const widest = {
    ...sample,
    id: "T2147483647" as const,
    type: "6in4-heartbeat" as const,
    popName: long,
    userState: long,
    adminState: long,
  };
  const far = makeIpv6((1n << 128n) - 1n);
  const addresses = { clientAddress: far, popAddress: far, popIpv4: makeIpv4(0xffff_ffff), ipv4Endpoint: makeIpv4(0xffff_ffff) };
  const lines = shown({ ...widest, ...addresses, password: "x".repeat(132), heartbeatSec: 86_400, mtuBytes: 1480 });
  const whole = formatList({ title: "Showing tunnel information for T2147483647", lines, end: "Done" });
  assert.ok(whole.join("\n").length + 1 < 1000);
});

test("our own client refuses a show that lacks or bends any field, and says which", () => {
  const titles = shown(sample).map((line) => line.slice(0, line.indexOf(": ")));
  const reasons = titles.map((title) => {
    const parsed = parseTunnelShow(without(title));
    return parsed.ok ? "taken" : parsed.reason;
  });
  assert.deepEqual(reasons.toSorted(), Object.keys(sample).toSorted());
});

test("our own client skips comments and unknown keys, trims ends, and takes the last of equal keys", () => {
  const odd = [
    "# Type: l2tp",
    "; Type: x",
    "// Type: y",
    "Tunnel Name: mine",
    "Type: 6in4-static",
    ...shown(sample).map((line) => `${line} \t`),
  ];
  assert.deepEqual(parseTunnelShow(odd), { ok: true, value: sample });
});

test("the show and list parsers pass the drill", () => {
  const text = shown(sample).join("\n");
  const reasons = Object.keys(sample);
  drillDecoder({
    samples: [new TextEncoder().encode(text)],
    decode: (bytes) => parseTunnelShow(decodeLatin1(bytes).split("\n")),
    reasons,
    // The last line's number may lose digits and still be a number in range.
    mayCutTo: (_, length) => parseTunnelShow(text.slice(0, length).split("\n")).ok,
  });
  const line = formatTunnelLine(sample);
  assert.ok(line.ok);
  drillDecoder({
    samples: [new TextEncoder().encode(line.value)],
    decode: (bytes) => parseTunnelLine(decodeLatin1(bytes)),
    reasons: [...reasons, "not-four-fields"],
    mayCutTo: (_, length) => length > line.value.lastIndexOf(" ") + 1,
  });
});
