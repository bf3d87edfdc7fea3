import type { Random } from "@tombolo/base";

const firstMs = 500;
const mostMs = 30_000;

/**
 * How long to wait before the next try: doubled each time up to 30 s, and of that a random half to whole, so that a thousand PoPs
 * do not knock at a broker in one instant when it comes back.
 */
export function backoffMs(failures: number, random: Random): number {
  const wholeMs = Math.min(firstMs * 2 ** Math.min(failures, 10), mostMs);
  const [high = 0, low = 0] = random(2);
  return Math.round(wholeMs * (0.5 + ((high * 256 + low) / 65_536) * 0.5));
}
