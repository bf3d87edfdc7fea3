import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

export type TestKind = "unit" | "house" | "slow" | "alone";

export interface TestFile {
  /** From the project's root, with "/". */
  readonly path: string;
  readonly kind: TestKind;
}

/** The bound in seconds on one file of each kind; a file that needs more is stuck. */
export const boundSec: Readonly<Record<TestKind, number>> = { unit: 60, house: 60, slow: 240, alone: 300 };

/**
 * Which kind a test file is, by its name alone; undefined for what is no test file. CONTRIBUTING.md tells the same.
 * - unit: `foo.test.ts` beside the code. Needs nothing and is quick: `npm run check` runs it.
 * - house: `tests/house/`. Rules on the tree itself; also in `npm run check`.
 * - slow: `foo.slow.test.ts` anywhere, and everything in `fuzz/` and `tests/` that is not named here. `npm test` only.
 * - alone: `tests/netns/`. Needs root and the machine for itself; one at a time, last.
 */
export function kindOf(path: string): TestKind | undefined {
  if (!path.endsWith(".test.ts")) return undefined;
  if (path.startsWith("tests/netns/")) return "alone";
  if (path.startsWith("tests/house/")) return "house";
  if (path.endsWith(".slow.test.ts") || path.startsWith("tests/") || path.startsWith("fuzz/")) return "slow";
  return "unit";
}

const skipped = new Set(["node_modules", "dist", "build", "var", ".git", ".cache"]);

/** Every test file below `root`, in the order of their paths. */
export function findTestFiles(root: string): readonly TestFile[] {
  const found: TestFile[] = [];
  for (const top of ["packages", "scripts", "tests", "fuzz"]) if (existsSync(join(root, top))) collect(root, top, found);
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function collect(root: string, folder: string, found: TestFile[]): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && !skipped.has(entry.name)) collect(root, path, found);
    const kind = entry.isFile() ? kindOf(path) : undefined;
    if (kind !== undefined) found.push({ path, kind });
  }
}
