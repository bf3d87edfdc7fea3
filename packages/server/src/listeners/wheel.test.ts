import assert from "node:assert/strict";
import test from "node:test";
import { monotonicMs } from "@tombolo/base";
import { makeWheel, type Wheel } from "./wheel.ts";

/** Time as the test tells it; one timer at most may wait. */
class Hands {
  nowMsValue = 5000;
  waiting: { readonly atMs: number; readonly action: () => void } | undefined;
  timers = 0;
  readonly wheel: Wheel = makeWheel(
    { nowMs: () => monotonicMs(this.nowMsValue) },
    {
      after: (delayMs, action) => {
        assert.equal(this.waiting, undefined, "one timer serves all deadlines");
        this.timers += 1;
        this.waiting = { atMs: this.nowMsValue + delayMs, action };
        return () => {};
      },
    },
  );

  pass(ms: number): void {
    const untilMs = this.nowMsValue + ms;
    while (this.waiting !== undefined && this.waiting.atMs <= untilMs) {
      const { atMs, action } = this.waiting;
      this.waiting = undefined;
      this.nowMsValue = atMs;
      action();
    }
    this.nowMsValue = untilMs;
  }
}

test("a deadline comes at most two ticks late and never early", () => {
  for (const inMs of [0, 1, 99, 100, 101, 250, 60_000]) {
    const hands = new Hands();
    let dueAt: number | undefined;
    const at = monotonicMs(hands.nowMsValue + inMs);
    hands.wheel.entry(() => (dueAt = hands.nowMsValue)).set(at);
    hands.pass(inMs + 200);
    assert.ok(dueAt !== undefined && dueAt >= at && dueAt <= at + 200, `in ${inMs}: ${dueAt}`);
  }
});

test("a deadline that was moved or cleared does not come at its old time", () => {
  const hands = new Hands();
  const due: string[] = [];
  const moved = hands.wheel.entry(() => due.push("moved"));
  const cleared = hands.wheel.entry(() => due.push("cleared"));
  moved.set(monotonicMs(5100));
  cleared.set(monotonicMs(5100));
  moved.set(monotonicMs(6000));
  cleared.set(undefined);
  hands.pass(500);
  assert.deepEqual(due, []);
  hands.pass(1000);
  assert.deepEqual(due, ["moved"]);
});

test("what comes due may set deadlines, its own too, and take others back", () => {
  const hands = new Hands();
  let beats = 0;
  const other = hands.wheel.entry(() => assert.fail("was taken back"));
  const beat = hands.wheel.entry(() => {
    beats += 1;
    other.set(undefined);
    beat.set(monotonicMs(hands.nowMsValue + 1000));
  });
  beat.set(monotonicMs(5100));
  other.set(monotonicMs(5100));
  hands.pass(10_000);
  assert.ok(beats >= 8 && beats <= 10, `${beats} beats`);
});

test("of two that come due at once both run, though the first sets a deadline anew", () => {
  const hands = new Hands();
  let others = 0;
  const first = hands.wheel.entry(() => first.set(monotonicMs(hands.nowMsValue + 1000)));
  const second = hands.wheel.entry(() => (others += 1));
  first.set(monotonicMs(5100));
  second.set(monotonicMs(5100));
  hands.pass(300);
  assert.equal(others, 1);
});

test("the timer rests when there is nothing to wait for, and starts again", () => {
  const hands = new Hands();
  let due = 0;
  const entry = hands.wheel.entry(() => (due += 1));
  entry.set(monotonicMs(5100));
  hands.pass(300);
  assert.equal(hands.waiting, undefined);
  hands.pass(1_000_000);
  entry.set(monotonicMs(hands.nowMsValue + 50));
  hands.pass(300);
  assert.equal(due, 2);
});
