import { wallSec, type WallSec } from "@tombolo/base";

export const daySec = 86_400;

/** One day (UTC) of a tunnel's latency rounds; `at` is its midnight. Days without rounds have no row. */
export interface DayUptime {
  readonly at: WallSec;
  readonly sent: number;
  readonly received: number;
}

export interface Judgement {
  /** Mondays of weeks that were good: on each of the seven days at least one round was answered. */
  readonly goodWeeks: readonly WallSec[];
  /** Days on which rounds were sent and none was answered. A day that nobody measured is not dead. */
  readonly deadDays: readonly WallSec[];
  /** First days of runs of seven dead days. */
  readonly deadWeeks: readonly WallSec[];
  /** The last seven days that can be judged were all dead. */
  readonly isDead: boolean;
}

export interface JudgeOptions {
  /** What was before does not count: the tunnel, or the plan, was not there. */
  readonly since: WallSec;
  /** Days that begin earlier are never dead: the PoP itself was down. */
  readonly deadFrom: WallSec;
  readonly now: WallSec;
}

/** A day is judged when it has been over for so long; until then reports may still come in. */
export const settleSec: number = 6 * 3_600;

/** What days of latency say of a tunnel. `days` may be in any order and reach back as far as they like. */
export function judgeUptime(days: readonly DayUptime[], { since, deadFrom, now }: JudgeOptions): Judgement {
  const lastDay = dayOf(now - settleSec) - daySec;
  const judged = days.filter(({ at }) => at <= lastDay && at + daySec > since);
  const answered = new Set<number>(judged.filter((day) => day.received > 0).map((day) => day.at));
  const asked = judged.filter((day) => day.sent > 0 && day.received === 0);
  const deadDays = asked.map((day) => day.at).filter((at) => at >= since && at >= deadFrom);
  const dead = new Set<number>(deadDays);
  return {
    goodWeeks: sorted(new Set([...answered].map(mondayOf))).filter((monday) => weekFrom(monday).every((at) => answered.has(at))),
    deadDays: sorted(dead),
    deadWeeks: sorted(dead).filter((at) => isWeekOfRun(dead, at)),
    isDead: weekFrom(lastDay - 6 * daySec).every((at) => dead.has(at)),
  };
}

/** Weeks are cut from the first day of a run, so that a long run has one every seven days. */
function isWeekOfRun(dead: ReadonlySet<number>, at: number): boolean {
  let first = at;
  while (dead.has(first - daySec)) first -= daySec;
  return (at - first) % (7 * daySec) === 0 && weekFrom(at).every((day) => dead.has(day));
}

/** Seconds to the midnight (UTC) before. */
function dayOf(atSec: number): number {
  return atSec - (atSec % daySec);
}

/** 1970-01-01 was a Thursday. */
export function mondayOf(atSec: number): number {
  const day = Math.floor(atSec / daySec);
  return (day - ((day + 3) % 7)) * daySec;
}

function weekFrom(first: number): readonly number[] {
  return [0, 1, 2, 3, 4, 5, 6].map((i) => first + i * daySec);
}

function sorted(days: Iterable<number>): readonly WallSec[] {
  return [...days].toSorted((a, b) => a - b).map(wallSec);
}
