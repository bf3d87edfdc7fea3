import { isTest, packageOf, resolveRelative, type Offence, type Tree } from "./code/tree.ts";

/** Names that a package's door offers and nobody outside takes: `base:formatHex`. The list in ratchets.json may only shrink. */
export interface DeadNames {
  /** Exported by a file, used by no other and not passed on by the package's door. */
  readonly inside: readonly Offence[];
  /** At the door, but used by no other package and no test. */
  readonly idle: readonly string[];
}

interface Origin {
  readonly path: string;
  readonly name: string;
}

export function findDeadNames(tree: Tree): DeadNames {
  const paths = tree.paths.filter((path) => path.endsWith(".ts"));
  const doors = new Map(paths.flatMap((path) => doorAt(tree, path)));
  const used = new Set<string>();
  const usedOutside = new Set<string>();
  for (const path of paths) {
    for (const site of tree.module(path).imports) {
      const target = targetOf(path, site.from, doors);
      if (target === undefined || site.how === "re-export") continue;
      const isOutside = isTest(path) || packageOf(path) !== packageOf(target);
      const names = site.names.includes("*") ? namesOf(tree, target) : site.names;
      for (const origin of names.flatMap((name) => originsOf(tree, target, name))) {
        used.add(keyOf(origin));
        if (isOutside) usedOutside.add(keyOf(origin));
      }
    }
  }
  const atDoors = new Set(
    [...doors.values()].flatMap((door) => namesOf(tree, door).flatMap((name) => originsOf(tree, door, name).map(keyOf))),
  );
  return { inside: findInside(tree, paths, (key) => used.has(key) || atDoors.has(key)), idle: findIdle(tree, doors, usedOutside) };
}

function findInside(tree: Tree, paths: readonly string[], isNeeded: (key: string) => boolean): Offence[] {
  const offences: Offence[] = [];
  for (const path of paths.filter((name) => !name.endsWith("/src/index.ts"))) {
    for (const site of tree.module(path).exports) {
      if (site.from !== undefined || site.name === "default" || isNeeded(keyOf({ path, name: site.name }))) continue;
      if (site.isType && isMentioned(tree, path, site.name)) continue;
      offences.push({ path, line: site.line, message: `nobody imports ${site.name}; remove it, or its "export"` });
    }
  }
  return offences;
}

function findIdle(tree: Tree, doors: ReadonlyMap<string, string>, usedOutside: ReadonlySet<string>): string[] {
  const idle: string[] = [];
  for (const [packageName, door] of doors) {
    for (const name of namesOf(tree, door)) {
      const isNeeded = originsOf(tree, door, name).some(
        (origin) => usedOutside.has(keyOf(origin)) || (isTypeAt(tree, origin) && isMentioned(tree, origin.path, origin.name)),
      );
      if (!isNeeded) idle.push(`${packageName}:${name}`);
    }
  }
  return idle.toSorted();
}

function doorAt(tree: Tree, path: string): [string, string][] {
  const name = /^packages\/([^/]+)\/src\/index\.ts$/.exec(path)?.[1];
  return name === undefined || tree.module(path).exports.length === 0 ? [] : [[name, path]];
}

function targetOf(importer: string, from: string | undefined, doors: ReadonlyMap<string, string>): string | undefined {
  if (from?.startsWith(".") === true) return resolveRelative(importer, from);
  return from?.startsWith("@tombolo/") === true ? doors.get(from.slice("@tombolo/".length)) : undefined;
}

/** Every name that a file exports, `export *` followed. */
function namesOf(tree: Tree, path: string): string[] {
  if (!tree.has(path)) return [];
  return tree
    .module(path)
    .exports.flatMap((site) => (site.name === "*" ? namesOf(tree, resolveRelative(path, site.from?.file ?? "")) : [site.name]));
}

/** Where a name that `path` exports is declared, re-exports followed. */
function originsOf(tree: Tree, path: string, name: string): Origin[] {
  if (!tree.has(path)) return [];
  const origins: Origin[] = [];
  for (const site of tree.module(path).exports) {
    const next = site.from === undefined ? undefined : resolveRelative(path, site.from.file);
    if (site.name === name && (next === undefined || site.from?.name === "*")) origins.push({ path, name });
    else if (site.name === name && next !== undefined) origins.push(...originsOf(tree, next, site.from?.name ?? name));
    else if (site.name === "*" && next !== undefined) origins.push(...originsOf(tree, next, name));
  }
  return origins;
}

function isTypeAt(tree: Tree, origin: Origin): boolean {
  return tree.module(origin.path).exports.some((site) => site.name === origin.name && site.isType);
}

/** A type must be exported where an exported declaration mentions it, so a second mention in its own file is use enough. */
function isMentioned(tree: Tree, path: string, name: string): boolean {
  return tree.scan(path).tokens.filter((token) => token.kind === "word" && token.text === name).length > 1;
}

function keyOf(origin: Origin): string {
  return `${origin.path}#${origin.name}`;
}
