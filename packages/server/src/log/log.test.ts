import assert from "node:assert/strict";
import test from "node:test";
import { wallSec } from "@tombolo/base";
import { makeLog, type LogFormat } from "./log.ts";

function written(format: LogFormat, level: "debug" | "warn" = "debug"): string {
  let text = "";
  const log = makeLog({ level, format, wall: { nowSec: () => wallSec(1_700_000_000) }, write: (line) => (text += line) });
  log({ level: "info", event: "tic.login.accepted", peer: "192.0.2.1:7", account: "ABC1-TMB" });
  log({ level: "warn", event: "tic.client", client: "evil\u001B[2J\nname", reason: undefined });
  return text;
}

test("machines get one JSON object a line", () => {
  assert.deepEqual(
    written("json")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
    [
      { time: "2023-11-14T22:13:20Z", level: "info", event: "tic.login.accepted", peer: "192.0.2.1:7", account: "ABC1-TMB" },
      { time: "2023-11-14T22:13:20Z", level: "warn", event: "tic.client", client: "evil\u001B[2J\nname" },
    ],
  );
});

test("people get aligned text, and what a peer sent cannot play with their terminal", () => {
  assert.equal(
    written("text"),
    "22:13:20 info  tic.login.accepted peer=192.0.2.1:7 account=ABC1-TMB\n" + '22:13:20 warn  tic.client client="evil\\u001b[2J\\nname"\n',
  );
});

test("what is below the level is left out", () => {
  assert.equal(written("text", "warn").trim().split("\n").length, 1);
});
