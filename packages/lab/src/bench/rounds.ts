import { median } from "./figures.ts";
import { measureTcp } from "./iperf.ts";
import type { Contender } from "./pair.ts";

export type Say = (text: string) => void;

const rounds = 3;
const seconds = 3;
const warmUpSec = 1;

/**
 * TCP goodput of each contender in bits per second, the median of three. The contenders take turns, so that a disturbance
 * from outside hits all of them alike.
 */
export async function compareTcp(contenders: readonly Contender[], say: Say): Promise<ReadonlyMap<string, number>> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const speed = await measureTcp({
        from: contender.near,
        to: contender.far,
        toAddress: contender.farAddress,
        seconds,
        warmUpSec,
      });
      samples.get(contender.name)?.push(speed);
      say(`round ${round} of ${rounds}  ${contender.name.padEnd(26)} ${(speed / 1e9).toFixed(2).padStart(6)} Gbit/s`);
    }
  }
  return new Map([...samples].map(([name, speeds]) => [name, median(speeds)]));
}
