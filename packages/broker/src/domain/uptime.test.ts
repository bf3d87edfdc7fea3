import assert from "node:assert/strict";
import { test } from "node:test";
import { wallSec } from "@tombolo/base";
import { daySec, judgeUptime, mondayOf, settleSec, type DayUptime, type JudgeOptions } from "./uptime.ts";

/** Monday 2026-11-02, 00:00 UTC. */
const monday = Date.UTC(2026, 10, 2) / 1_000;

/** A letter a day from `monday` on: `+` answered, `x` asked in vain, `.` not measured. */
function daysOf(picture: string): readonly DayUptime[] {
  return [...picture].flatMap((letter, i): DayUptime[] =>
    letter === "." ? [] : [{ at: wallSec(monday + i * daySec), sent: 1_440, received: letter === "+" ? 1 : 0 }],
  );
}

/** Judged when the last day of the picture has just settled; days come back as numbers from `monday`. */
function judge(picture: string, options: Partial<JudgeOptions> = {}) {
  const now = wallSec(monday + picture.length * daySec + settleSec);
  const judged = judgeUptime(daysOf(picture), { since: wallSec(0), deadFrom: wallSec(0), now, ...options });
  const numbers = (days: readonly number[]): readonly number[] => days.map((at) => (at - monday) / daySec);
  const { goodWeeks, deadDays, deadWeeks, isDead } = judged;
  return { goodWeeks: numbers(goodWeeks), deadDays: numbers(deadDays), deadWeeks: numbers(deadWeeks), isDead };
}

test("a good week is Monday to Sunday with an answer on each day", () => {
  assert.deepEqual(judge("+++++++").goodWeeks, [0]);
  assert.deepEqual(judge("+++++++++++++++").goodWeeks, [0, 7]);
  assert.deepEqual(judge("+++x++++++++++").goodWeeks, [7]);
  assert.deepEqual(judge("+++.++++++++++").goodWeeks, [7], "a day that nobody measured is not good");
  assert.deepEqual(judge("..+++++++++").goodWeeks, [], "seven days in a row that are no calendar week");
  assert.deepEqual(judge("").goodWeeks, []);
});

test("a day is judged when it is over and reports have come in", () => {
  const options = (sec: number) => ({ now: wallSec(monday + 7 * daySec + sec) });
  assert.deepEqual(judge("+++++++", options(settleSec - 1)).goodWeeks, []);
  assert.deepEqual(judge("+++++++", options(settleSec)).goodWeeks, [0]);
});

test("what was before the tunnel or the plan does not count", () => {
  assert.deepEqual(judge("+++++++", { since: wallSec(monday + 3_600) }).goodWeeks, [0], "the first day needs one answer, not all of it");
  assert.deepEqual(judge("+++++++", { since: wallSec(monday + daySec) }).goodWeeks, []);
  assert.deepEqual(judge("xxx", { since: wallSec(monday + 1) }).deadDays, [1, 2], "a day is dead only as a whole");
});

test("a dead day was asked and never answered, while the PoP was up", () => {
  assert.deepEqual(judge("x+.x").deadDays, [0, 3]);
  assert.deepEqual(judge("xxxx", { deadFrom: wallSec(monday + 2 * daySec) }).deadDays, [2, 3]);
});

test("seven dead days in a row are a dead week, counted from the first of the run", () => {
  assert.deepEqual(judge("xxxxxx").deadWeeks, []);
  assert.deepEqual(judge("+xxxxxxx").deadWeeks, [1]);
  assert.deepEqual(judge("+xxxxxxxxxxxxx").deadWeeks, [1]);
  assert.deepEqual(judge("+xxxxxxxxxxxxxx").deadWeeks, [1, 8]);
  assert.deepEqual(judge("xxx+xxxxxx").deadWeeks, []);
});

test("a tunnel is dead while its last seven days are", () => {
  assert.equal(judge("xxxxxxx").isDead, true);
  assert.equal(judge("xxxxxx").isDead, false);
  assert.equal(judge("xxxxxxxx+").isDead, false);
  assert.equal(judge("xxxxxxx.").isDead, false);
});

test("a week begins on Monday, at midnight UTC", () => {
  assert.equal(mondayOf(monday), monday);
  assert.equal(mondayOf(monday - 1), monday - 7 * daySec);
  assert.equal(mondayOf(monday + 7 * daySec - 1), monday);
  assert.equal(mondayOf(4 * daySec), 4 * daySec, "1970-01-05");
});
