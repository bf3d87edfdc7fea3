import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeLatin1, decodeLatin1 } from "@tombolo/base";
import type { SessionInput, SessionStep } from "@tombolo/protocols";
import { perfectLink, sendDatagram } from "./datagram.ts";
import { connectStream } from "./stream.ts";
import { makeWorld } from "./world.ts";

test("what is due happens in order of time, then of planning, at its own time", () => {
  const world = makeWorld({ seed: 1, startSec: 100 });
  const seen: string[] = [];
  const note = (name: string) => (): void => void seen.push(`${name}@${world.nowMs()}`);
  world.after(20, note("c"));
  world.after(10, note("a"));
  world.after(10, note("b"));
  world.after(5, () => world.after(1, note("first")));
  world.run(15);
  assert.deepEqual(seen, ["first@6", "a@10", "b@10"]);
  assert.equal(world.nowMs(), 15);
  world.run(2000);
  assert.equal(seen.at(-1), "c@20");
  assert.equal(world.nowSec(), 102);
});

test("the wall clock jumps alone", () => {
  const world = makeWorld({ seed: 1, startSec: 100 });
  world.jumpWall(-50);
  assert.deepEqual([world.nowMs(), world.nowSec()], [0, 50]);
});

test("a world that never comes to rest is stopped, and names its seed", () => {
  const world = makeWorld({ seed: 77 });
  const again = (): void => world.after(0, again);
  again();
  assert.throws(() => world.run(1), /seed 77/);
});

test("a link loses, doubles, delays and swallows as it was told", () => {
  const world = makeWorld({ seed: 3 });
  let arrived = 0;
  const send = (change: Partial<typeof perfectLink>, size = 10): number => {
    arrived = 0;
    for (let i = 0; i < 200; i += 1) sendDatagram(world, { ...perfectLink, ...change }, new Uint8Array(size), () => void (arrived += 1));
    world.run(world.nowMs() + 1000);
    return arrived;
  };
  assert.equal(send({}), 200);
  assert.equal(send({ lossPercent: 100 }), 0);
  assert.equal(send({ duplicatePercent: 100 }), 400);
  assert.equal(send({ mtuBytes: 9 }), 0);
  const some = send({ lossPercent: 50 });
  assert.ok(some > 50 && some < 150, `${some}`);
});

type Step = SessionStep<number, string, string>;

/** Sends two pieces with a pause, asks, and notes what it hears. */
function talk(state: number, input: SessionInput<string>): Step {
  switch (input.kind) {
    case "start":
      return {
        state,
        effects: [
          { kind: "send", bytes: encodeLatin1("one"), pauseMs: 50 },
          { kind: "send", bytes: encodeLatin1("two") },
          { kind: "ask", question: "q" },
        ],
      };
    case "answer":
      return { state, effects: [{ kind: "note", note: `answer ${input.answer}` }] };
    case "bytes":
      return { state: state + input.bytes.length, effects: [{ kind: "note", note: decodeLatin1(input.bytes) }] };
    case "closed":
      return { state, effects: [{ kind: "note", note: "closed" }] };
    case "deadline":
      return { state, effects: [] };
  }
}

test("bytes arrive whole and in order after their pauses, and questions are answered", () => {
  const world = makeWorld({ seed: 1 });
  const party = { start: 0, step: talk, answer: (question: string) => question.toUpperCase() };
  const times: number[] = [];
  const listening = {
    start: 0,
    step: (state: number, input: SessionInput<string>): Step => {
      times.push(world.nowMs());
      return input.kind === "start" ? { state, effects: [] } : talk(state, input);
    },
  };
  const [talking, heard] = connectStream(world, { latencyMs: 10, segmentBytes: 100 }, party, listening);
  world.run(1000);
  assert.equal(heard.notes.join(""), "onetwo");
  assert.ok(times.some((ms) => ms === 10) && Math.max(...times) === 60, times.join());
  assert.deepEqual(talking.notes, ["answer Q"]);
  assert.deepEqual(talking.questions, ["q"]);
});
