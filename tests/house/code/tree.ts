import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { findFunctions, type FunctionSite } from "./functions.ts";
import { readModule, type Module } from "./modules.ts";
import { scan, type Scan } from "./tokens.ts";

/** The files that a rule looks at: the project's own, or a sample made by a rule's test. */
export interface Tree {
  /** From the root, with "/", sorted. */
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** Folders count too. */
  exists(path: string): boolean;
  text(path: string): string;
  scan(path: string): Scan;
  module(path: string): Module;
  functions(path: string): readonly FunctionSite[];
}

/** What a rule found, and what to do about it. */
export interface Offence {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export function treeOf(files: Readonly<Record<string, string>>): Tree {
  return makeTree(Object.keys(files), (path) => files[path] ?? "");
}

export const projectRoot: string = fileURLToPath(new URL("../../../", import.meta.url));

const ignoredFolders = new Set([".git", "node_modules", "dist", "build", "var", ".cache"]);

/** The project's own files: what `.gitignore` does not name. */
export function readProject(): Tree {
  const texts = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(projectRoot, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory() && !ignoredFolders.has(entry.name)) walk(path);
      if (entry.isFile() && !entry.name.endsWith(".tsbuildinfo")) texts.set(path, readFileSync(join(projectRoot, path), "utf8"));
    }
  };
  walk(".");
  return makeTree([...texts.keys()], (path) => texts.get(path) ?? "");
}

function makeTree(all: readonly string[], text: (path: string) => string): Tree {
  const paths = all.toSorted();
  const files = new Set(paths);
  const folders = new Set(paths.flatMap(foldersAbove));
  const scanOnce = once((path) => scan(text(path)));
  return {
    paths,
    has: (path) => files.has(path),
    exists: (path) => files.has(path) || folders.has(path),
    text,
    scan: scanOnce,
    module: once((path) => readModule(scanOnce(path).tokens)),
    functions: once((path) => findFunctions(scanOnce(path).tokens)),
  };
}

function once<T>(make: (path: string) => T): (path: string) => T {
  const known = new Map<string, T>();
  return (path) => {
    const value = known.get(path) ?? make(path);
    known.set(path, value);
    return value;
  };
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) folders.push(folder);
  return folders;
}

/** The package that a path belongs to: "base" for `packages/base/src/x.ts`. */
export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1];
}

/** Tests, and what only tests use: it is never part of a program that we hand out. */
export function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || /^(tests|fuzz)\//.test(path) || /^packages\/[^/]+\/(.*\/)?(test|testing|compliance)\//.test(path);
}

/** Where a relative import leads. */
export function resolveRelative(importer: string, from: string): string {
  return posix.normalize(posix.join(posix.dirname(importer), from));
}

/** One line per offence; empty when there are none. */
export function formatOffences(offences: readonly Offence[]): string {
  return offences.map((offence) => `${offence.path}:${offence.line}: ${offence.message}`).join("\n");
}

/** Fails a test with the list, and with nothing around it. */
export function assertNone(offences: readonly Offence[]): void {
  if (offences.length > 0) assert.fail(`${offences.length} found\n${formatOffences(offences)}`);
}
