import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:process";
import { fileURLToPath } from "node:url";
import type { Addon } from "./addon.ts";

const fileName = "tombolo-dataplane.node";

/** A Node-API binary fits every Node version, so one per platform may lie ready; otherwise what `npm ci` compiled is taken. */
const places: readonly URL[] = [
  new URL(`../../prebuilds/${platform}-${arch}/${fileName}`, import.meta.url),
  new URL(`../../build/${fileName}`, import.meta.url),
];

/**
 * Loads the native addon; every worker thread calls it for itself. Throws an Error that says what to install when there is none,
 * or when this system can't load the one there is.
 */
export function loadAddon(): Addon {
  const found = places.map((place) => fileURLToPath(place)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(missing());
  // The one cast at the door: addon.test.ts holds the binary to this contract.
  return createRequire(import.meta.url)(found) as Addon;
}

function missing(): string {
  if (platform !== "linux") return `The packet path needs Linux; on ${platform} only the memory driver works.`;
  return "The native addon of the data plane is not built: run `apt-get install g++`, then `npm rebuild @tombolo/dataplane`.";
}
