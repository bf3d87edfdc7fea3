import { failure, success, type Result } from "@tombolo/base";
import type { Encapsulation } from "./types.ts";

export const encapsulations: readonly Encapsulation[] = ["6in4", "heartbeat", "ayiya", "udp"];

export function parseEncapsulation(text: string): Result<Encapsulation, "not-an-encapsulation"> {
  const found = encapsulations.find((name) => name === text);
  return found === undefined ? failure("not-an-encapsulation") : success(found);
}

/** Plain 6in4 carries no proof of who sends, so its far end must be told; the others prove theirs. */
export function needsStaticEndpoint(encapsulation: Encapsulation): boolean {
  return encapsulation === "6in4";
}
