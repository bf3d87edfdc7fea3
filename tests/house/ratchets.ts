import { readFileSync } from "node:fs";
import { type Offence, type Tree } from "./code/tree.ts";
import { findDeadNames } from "./names.ts";

/**
 * What is over a limit today, measured. An entry may only shrink: growth fails, and so does an entry that is larger than the truth.
 * `npm run ratchet` tightens the file; it never adds to it. An addition is made by hand and defended in review.
 */
export interface Ratchets {
  /** Files over `fileLimit` lines. */
  readonly fileLines: Readonly<Record<string, number>>;
  /** Functions over `functionLimit` lines, as `path#name`. */
  readonly functionLines: Readonly<Record<string, number>>;
  /** Functions with more than `parameterLimit` parameters, as `path#name`. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Names at a package's door that nobody outside takes, as `package:name`. */
  readonly idleNames: readonly string[];
}

const fileWall = 800;
const fileLimit = 500;
const functionLimit = 70;
const parameterLimit = 4;

/** On the packet path an options object would be an allocation per packet. */
const packetPath = /^packages\/(dataplane\/src\/(engine|table|counters)|protocols\/src\/(icmpv6|ipv6))\//;

export function readRatchets(): Ratchets {
  return JSON.parse(readFileSync(new URL("./ratchets.json", import.meta.url), "utf8")) as Ratchets;
}

/** What ratchets.json would have to say to fit the tree exactly. */
export function measure(tree: Tree): Ratchets {
  return { fileLines: measureFiles(tree), ...measureFunctions(tree), idleNames: findDeadNames(tree).idle };
}

export function checkRatchets(tree: Tree, stored: Ratchets): Offence[] {
  const now = measure(tree);
  const offences = [
    ...compare(stored.fileLines, now.fileLines, `files have at most ${fileLimit} lines; split it by what it is about`),
    ...compare(stored.functionLines, now.functionLines, `functions have at most ${functionLimit} lines; give its steps names of their own`),
    ...compare(stored.parameters, now.parameters, `functions take at most ${parameterLimit} parameters; use one object with named fields`),
  ];
  for (const [path, lines] of Object.entries(now.fileLines)) {
    if (lines > fileWall)
      offences.push({ path, line: fileWall, message: `has ${lines} lines; the wall is ${fileWall}, no list helps here` });
  }
  for (const name of now.idleNames.filter((idle) => !stored.idleNames.includes(idle))) {
    offences.push(atDoor(name, `nobody outside imports ${name.split(":")[1]}; take it off the package's door`));
  }
  for (const name of stored.idleNames.filter((idle) => !now.idleNames.includes(idle))) {
    offences.push(atDoor(name, `${name.split(":")[1]} stands in ratchets.json needlessly; run \`npm run ratchet\``));
  }
  return offences;
}

/** The stored ratchets, no entry raised and none added. */
export function tighten(stored: Ratchets, now: Ratchets): Ratchets {
  const lower = (then: Readonly<Record<string, number>>, today: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(then).flatMap(([key, lines]) => (today[key] === undefined ? [] : [[key, Math.min(lines, today[key])]])),
    );
  return {
    fileLines: lower(stored.fileLines, now.fileLines),
    functionLines: lower(stored.functionLines, now.functionLines),
    parameters: lower(stored.parameters, now.parameters),
    idleNames: stored.idleNames.filter((name) => now.idleNames.includes(name)),
  };
}

function compare(stored: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>, limit: string): Offence[] {
  const offences: Offence[] = [];
  for (const key of new Set([...Object.keys(stored), ...Object.keys(now)])) {
    const then = stored[key];
    const today = now[key];
    if (then === today) continue;
    const found = today === undefined ? "is under the limit now" : `has ${today}`;
    const allowed = then === undefined ? "" : `, ratchets.json says ${then}`;
    const advice = then !== undefined && (today ?? 0) < then ? "it only shrank: run `npm run ratchet`" : limit;
    offences.push({ path: key, line: 1, message: `${found}${allowed}: ${advice}` });
  }
  return offences;
}

function measureFiles(tree: Tree): Record<string, number> {
  const sources = tree.paths.filter((path) => /\.(ts|cpp|cc|c|h|hpp|mjs|js)$/.test(path));
  return Object.fromEntries(
    sources.flatMap((path) => {
      const lines = tree.text(path).split("\n").length - 1;
      return lines > fileLimit ? [[path, lines]] : [];
    }),
  );
}

function measureFunctions(tree: Tree): Pick<Ratchets, "functionLines" | "parameters"> {
  const functionLines: Record<string, number> = {};
  const parameters: Record<string, number> = {};
  const note = (found: Record<string, number>, key: string, value: number): void => void (found[key] = Math.max(found[key] ?? 0, value));
  for (const path of tree.paths.filter((name) => name.endsWith(".ts"))) {
    for (const site of tree.functions(path)) {
      const key = `${path}#${site.name}`;
      if (site.lines > functionLimit && !path.endsWith(".test.ts")) note(functionLines, key, site.lines);
      if (site.parameters > parameterLimit && !packetPath.test(path)) note(parameters, key, site.parameters);
    }
  }
  return { functionLines, parameters };
}

function atDoor(name: string, message: string): Offence {
  return { path: `packages/${name.split(":")[0]}/src/index.ts`, line: 1, message };
}
