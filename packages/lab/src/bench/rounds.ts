import { median } from "./figures.ts";
import { measureTcp } from "./iperf.ts";
import type { Contender } from "./pair.ts";

export type Say = (text: string) => void;

const rounds = 3;
/** Not counted, so that TCP's slow start is over. */
const warmUpSec = 1;

/** TCP goodput of each contender in bits per second, round by round. */
export type Speeds = ReadonlyMap<Contender, readonly number[]>;

/** Three rounds in which the contenders take turns, so that a disturbance from outside hits all of them alike. */
export async function compareTcp(contenders: readonly Contender[], seconds: number, say: Say): Promise<Speeds> {
  const speeds = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of turnsOf(contenders, round)) {
      const { near: from, far: to, farAddress: toAddress, name } = contender;
      const speed = await measureTcp({ from, to, toAddress, seconds, warmUpSec });
      speeds.get(contender)?.push(speed);
      say(`round ${round} of ${rounds}  ${name.padEnd(26)} ${(speed / 1e9).toFixed(2).padStart(6)} Gbit/s`);
    }
  }
  return speeds;
}

/**
 * How many times faster `a` is than `b`: the median of the rounds' own ratios. What the machine does besides changes slowly, so
 * within a round both had the same of it.
 */
export function ratioOf(speeds: Speeds, a: Contender, b: Contender): number {
  const below = speeds.get(b) ?? [];
  return median((speeds.get(a) ?? []).map((speed, round) => speed / (below[round] ?? Number.NaN)));
}

/** Each round begins with another contender, so that none always has the machine that the same other one left behind. */
export function turnsOf<T>(contenders: readonly T[], round: number): readonly T[] {
  const first = round % contenders.length;
  return [...contenders.slice(first), ...contenders.slice(0, first)];
}
