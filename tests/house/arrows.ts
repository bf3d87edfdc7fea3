import { isTest, packageOf, resolveRelative, type Offence, type Tree } from "./code/tree.ts";

interface Room {
  /** The packages of ours that it may import. */
  readonly packages: readonly string[];
  /** False: nothing of the platform, no `node:*`, no library. */
  readonly platform: boolean;
}

/** Who may import whom. ARCHITECTURE.md gives the reasons; a change here is a change of design. */
export const rooms: Readonly<Record<string, Room>> = {
  base: { packages: [], platform: false },
  protocols: { packages: ["base"], platform: false },
  broker: { packages: ["base"], platform: false },
  store: { packages: ["base", "broker"], platform: true },
  dataplane: { packages: ["base", "protocols"], platform: true },
  pop: { packages: ["base", "protocols", "dataplane"], platform: true },
  server: { packages: ["base", "protocols", "broker", "store", "dataplane", "pop"], platform: true },
  client: { packages: ["base", "protocols", "dataplane"], platform: true },
  testkit: { packages: ["base", "protocols", "broker"], platform: true },
  // The figures of the data plane are taken at its own door; everything else in the lab runs the programs as a user would.
  lab: { packages: ["base", "dataplane"], platform: true },
};

/** Libraries that only tests may import. */
const testLibraries = new Set(["fast-check"]);

export function checkArrows(tree: Tree): Offence[] {
  const offences: Offence[] = [];
  for (const path of tree.paths.filter((name) => name.endsWith(".ts"))) {
    for (const site of tree.module(path).imports) {
      const say = (message: string): void => void offences.push({ path, line: site.line, message });
      if (site.from === undefined) {
        if (!isTest(path)) say("imports a computed name; write the name out, so that the arrows can be checked");
      } else if (site.from.startsWith(".")) checkRelative(tree, path, site.from, say);
      else if (site.from.startsWith("node:")) checkPlatform(path, site.from, say);
      else if (site.from.startsWith("@tombolo/")) checkPackage(path, site.from, say);
      else checkLibrary(path, site.from, say);
    }
  }
  return offences;
}

type Say = (message: string) => void;

function checkRelative(tree: Tree, path: string, from: string, say: Say): void {
  const target = resolveRelative(path, from);
  const home = packageOf(path);
  if (!/\.(ts|json)$/.test(from)) say(`imports "${from}" without its ending; write "${from}.ts"`);
  if (home !== undefined && packageOf(target) !== home) say(`"${from}" leaves the package; import the other side by its name`);
  else if (home === undefined && packageOf(target) !== undefined)
    say(`"${from}" reaches into a package; import "@tombolo/${packageOf(target)}"`);
  else if (from.endsWith(".ts") && !tree.has(target)) say(`"${from}" does not exist`);
  else if (home !== undefined && !isTest(path) && isTest(target)) say(`"${from}" is for tests; what ships must not need it`);
}

function checkPlatform(path: string, from: string, say: Say): void {
  const home = packageOf(path);
  if (home === undefined || isTest(path) || rooms[home]?.platform !== false) return;
  say(`${home} knows no platform and must not import "${from}"; let the caller hand in what it needs`);
}

function checkPackage(path: string, from: string, say: Say): void {
  const [name = "", ...deeper] = from.slice("@tombolo/".length).split("/");
  if (deeper.length > 0) say(`"${from}" is a deep import; export what you need from packages/${name}/src/index.ts`);
  if (rooms[name] === undefined) return say(`"${from}" is no package of ours`);
  const home = packageOf(path);
  if (home === undefined) return;
  if (name === home) return say("imports its own package by name; use a relative path");
  const room = rooms[home];
  if (room === undefined) return say(`packages/${home} has no row in tests/house/arrows.ts; decide what it may import and add one`);
  if (isTest(path) && name === "testkit") return;
  if (name === "testkit") say("testkit holds test doubles and must not be shipped; import it only from tests");
  else if (!room.packages.includes(name)) say(`${home} must not import ${name}; it may import: ${room.packages.join(", ") || "nothing"}`);
}

function checkLibrary(path: string, from: string, say: Say): void {
  const home = packageOf(path);
  if (testLibraries.has(from)) {
    if (!isTest(path) && home !== "testkit") say(`"${from}" is for tests only`);
  } else if (home !== undefined && rooms[home]?.platform === false && !isTest(path)) {
    say(`${home} has no dependencies and must not import "${from}"`);
  }
}
