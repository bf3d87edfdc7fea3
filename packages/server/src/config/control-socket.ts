import { dirname, join } from "node:path";
import type { Settings } from "./settings.ts";

/** Where a PoP with these settings is asked: a name of the operator's, or `pop.sock` beside its state. */
export function controlSocketOf({ controlSocket, state }: Settings["pop"]): string {
  return controlSocket ?? join(dirname(state), "pop.sock");
}
