import { median } from "./figures.ts";
import type { Contender } from "./pair.ts";
import { turnsOf, type Say } from "./rounds.ts";

const rounds = 3;
const pingsPerRound = 300;

/** Median round-trip time of each contender in milliseconds; they take turns. */
export async function comparePings(contenders: readonly Contender[], say: Say): Promise<ReadonlyMap<Contender, number>> {
  const samples = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of turnsOf(contenders, round)) {
      const { name, near, farAddress } = contender;
      const command = ["ping", "-6", "-n", "-c", String(pingsPerRound), "-i", "0.005", farAddress];
      const times = readPingTimes(await near.must(command));
      samples.get(contender)?.push(...times);
      say(`round ${round} of ${rounds}  ${name.padEnd(26)} ${median(times).toFixed(3).padStart(6)} ms median of ${times.length}`);
    }
  }
  return new Map([...samples].map(([contender, times]) => [contender, median(times)]));
}

/** The `time=` of every answer that ping printed, in milliseconds. */
export function readPingTimes(text: string): readonly number[] {
  return [...text.matchAll(/\btime=([\d.]+) ms/g)].map((match) => Number(match[1]));
}
