import assert from "node:assert/strict";
import { decodeLatin1, makeSeededNumbers, monotonicMs, wallSec } from "@tombolo/base";
import { makeTicServer, md5Response, stepTicServer, ticServerLimits, type SessionInput, type TicAnswer } from "@tombolo/protocols";
import { answerFromHouse, chunk, makeTicHouse, md5 } from "@tombolo/testkit";
import { textSeeds, type FuzzTarget } from "../target.ts";

const nonce = new Uint8Array(16).fill(0x3a);
const login = `username ABC1-TMB\nchallenge md5\nauthenticate md5 ${md5Response("3a".repeat(16), "hartslag", md5)}\n`;
const house = makeTicHouse();
const wallClock = { nowSec: () => wallSec(1_452_536_708) };
const options = { greeting: "TIC", md5, random: () => nonce, wallClock, tls: true, showNeedsTls: false };

/** The TIC server: a stream in pieces, whatever is in it, gets replies of printable lines and leaves little behind. */
export const ticServerTarget: FuzzTarget = {
  name: "tic-server",
  seeds: textSeeds(
    "client TIC/draft-00 AICCU/2007.01.15-console-linux Linux/4.1.13\nget unixtime\nstarttls\n",
    `${login}tunnel list\ntunnel show T1001\npop list\npop show nlams01\nroute list\nroute show R1001\nQUIT bye\n`,
    `${login}tunnel show T1003\r\n\r\ntunnel show T9\r\n`,
  ),
  words: [
    "client ",
    "get unixtime",
    "username ",
    "starttls",
    "clear ",
    "challenge ",
    "authenticate ",
    "md5 ",
    "tunnel ",
    "show ",
    "list",
    "pop ",
    "T1001",
    "/T1",
    "\n",
    "\r\n",
    login,
  ],
  run: (bytes) => {
    let state = makeTicServer(monotonicMs(0));
    let ms = 0;
    const said: string[] = [];
    const take = (input: SessionInput<TicAnswer>): void => {
      const step = stepTicServer(options, state, input, monotonicMs(ms));
      state = step.state;
      for (const effect of step.effects) {
        if (effect.kind === "ask") take({ kind: "answer", answer: answerFromHouse(house, effect.question) });
        if (effect.kind !== "send") continue;
        const text = decodeLatin1(effect.bytes);
        assert.match(text, /^([ -~]*\n)+$/);
        assert.ok(effect.bytes.length <= 900);
        said.push(text.slice(0, 12));
      }
    };
    for (const part of chunk(bytes, makeSeededNumbers(bytes.length), 100)) {
      take({ kind: "bytes", bytes: part });
      assert.ok(state.lines.pending.length <= ticServerLimits.lineBytes + 1);
      assert.ok(state.queue.length <= ticServerLimits.queuedLines);
      ms += 100;
    }
    ms = ticServerLimits.sessionMs;
    take({ kind: "deadline" });
    assert.equal(state.stage.kind, "ended");
    return [...new Set(said)].join("|");
  },
};
