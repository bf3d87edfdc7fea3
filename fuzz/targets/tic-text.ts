import assert from "node:assert/strict";
import { decodeLatin1 } from "@tombolo/base";
import {
  formatTicCommand,
  formatTunnelLine,
  formatTunnelShow,
  parseReply,
  parseTicCommand,
  parseTunnelLine,
  parseTunnelShow,
} from "@tombolo/protocols";
import { fateOfAiccu, makeTicTunnel, readAiccuTunnel } from "@tombolo/testkit";
import { textSeeds, type FuzzTarget } from "../target.ts";

/** One TIC command: what parses is written in a way that parses to the same. */
export const ticCommandTarget: FuzzTarget = {
  name: "tic-command",
  seeds: textSeeds(
    "client a b",
    "username ABC1-TMB/T1001",
    "challenge md5",
    "authenticate md5 00",
    "tunnel show T1",
    "pop show nlams01",
    "route show R1001",
    "QUIT x",
  ),
  words: ["get unixtime", "starttls", "tunnel list", "pop list", "clear", "cookie", "T2147483648", "/T1"],
  run: (bytes) => {
    const parsed = parseTicCommand(decodeLatin1(bytes));
    if (!parsed.ok) return parsed.reason;
    assert.deepEqual(parseTicCommand(formatTicCommand(parsed.value)), parsed);
    return parsed.value.kind;
  },
};

const shown = formatTunnelShow(makeTicTunnel(1001));
assert.ok(shown.ok);

/** The data of `tunnel show` and `tunnel list`: what our client takes can be sent on, and aiccu would survive it. */
export const ticShowTarget: FuzzTarget = {
  name: "tic-show",
  seeds: textSeeds(shown.value.join("\n"), "T1001 2001:db8::2 ayiya nlams01", "T1 ::2 192.0.2.1 x", "201 list", "200 3a1b3a1b"),
  words: ["\n", ": ", "Type: ayiya", "#", "//", "UserState: enabled", "Heartbeat_Interval: 0", "$(x)", "202"],
  run: (bytes) => {
    const text = decodeLatin1(bytes);
    const [reply, line, tunnel] = [parseReply(text), parseTunnelLine(text), parseTunnelShow(text.split("\n"))];
    if (line.ok) assert.ok(formatTunnelLine(line.value).ok);
    if (tunnel.ok) {
      const again = formatTunnelShow(tunnel.value);
      assert.ok(again.ok);
      assert.deepEqual(parseTunnelShow(again.value), tunnel);
      assert.ok(["runs", "refuses: not enabled"].includes(fateOfAiccu(readAiccuTunnel(again.value))));
    }
    return [reply.ok, line.ok ? "line" : line.reason, tunnel.ok ? "tunnel" : tunnel.reason].join(" ");
  },
};
