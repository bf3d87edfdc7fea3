import assert from "node:assert/strict";
import { makeSeededNumbers, monotonicMs, wallSec } from "@tombolo/base";
import { makeTicClient, stepTicClient, ticClientLimits, type SessionInput, type TicClientOptions } from "@tombolo/protocols";
import { chunk, md5, parseTranscript, readVectors } from "@tombolo/testkit";
import { textSeeds, type FuzzTarget } from "../target.ts";

const options: TicClientOptions = {
  username: { handle: "ABC1-TMB", tunnel: undefined },
  password: "hartslag",
  identification: "TIC/draft-00 tombolo/0.1.0 Linux",
  wish: { kind: "show", id: undefined },
  md5,
  wallClock: { nowSec: () => wallSec(1_452_536_708) },
};

/** What the server says in the transcripts, as one stream. */
const streams = readVectors("tic", ".md").map(({ text }) =>
  parseTranscript(text)
    .steps.flatMap((step) => (step.kind === "server" ? [`${step.line}\n`] : []))
    .join(""),
);

/** Our TIC client: whatever a server sends, there is exactly one outcome. */
export const ticClientTarget: FuzzTarget = {
  name: "tic-client",
  seeds: textSeeds(...streams),
  words: [
    "200 ",
    "201 ",
    "202 ",
    "400 ",
    "500 ",
    "Type: ",
    "ayiya",
    "TunnelId: ",
    "IPv6 Endpoint: ",
    "T1001 ::2 ayiya x\n",
    "\n",
    "\r\n",
    "PoP down",
  ],
  run: (bytes) => {
    let state = makeTicClient(monotonicMs(0));
    const outcomes: string[] = [];
    const take = (input: SessionInput<never>, ms: number): void => {
      const step = stepTicClient(options, state, input, monotonicMs(ms));
      state = step.state;
      for (const effect of step.effects) {
        if (effect.kind !== "note") continue;
        const { outcome } = effect.note;
        outcomes.push([outcome.kind, "stage" in outcome ? outcome.stage : "", "what" in outcome ? outcome.what : ""].join(" "));
      }
      assert.ok((state.collected?.length ?? 0) <= ticClientLimits.listLines);
    };
    take({ kind: "start" }, 0);
    for (const part of chunk(bytes, makeSeededNumbers(bytes.length), 300)) take({ kind: "bytes", bytes: part }, 0);
    take({ kind: "deadline" }, ticClientLimits.sessionMs);
    assert.equal(outcomes.length, 1);
    return outcomes.join();
  },
};
