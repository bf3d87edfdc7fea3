import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatHex, makeSeededNumbers, parseHex } from "@tombolo/base";
import { sha1 } from "@tombolo/testkit";
import { minimise, mutate } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

export interface FuzzBounds {
  readonly seed: number;
  readonly runs: number;
  /** Asked before every run; true ends the fuzzing early. */
  readonly isOver: () => boolean;
}

export interface FuzzFinding {
  readonly target: string;
  readonly seed: number;
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface FuzzResult {
  readonly runs: number;
  /** Distinct outcomes seen. */
  readonly shapes: number;
  readonly finding: FuzzFinding | undefined;
}

/** How many kept inputs are bent further; the oldest go first. */
const maxPopulation = 512;

/** Runs a target on its seeds and then on bent ones, the same way for the same seed; stops at the first failure. */
export function fuzz(target: FuzzTarget, bounds: FuzzBounds): FuzzResult {
  const number = makeSeededNumbers(bounds.seed);
  const shapes = new Set<string>();
  const start = [...target.seeds, ...readCorpus(target.name)];
  let population = start.length > 0 ? start : [new Uint8Array(0)];
  const fails = (bytes: Uint8Array): boolean => failureOf(target, bytes) !== undefined;
  for (let run = 0; run < bounds.runs; run += 1) {
    if (bounds.isOver()) return { runs: run, shapes: shapes.size, finding: undefined };
    const origin = start[run] ?? population[number(population.length)] ?? new Uint8Array(0);
    const input = run < start.length ? origin : mutate(origin, number, { population, words: target.words ?? [] });
    try {
      const shape = target.run(input.slice());
      if (shapes.has(shape)) continue;
      shapes.add(shape);
      population = [...population, input].slice(-maxPopulation);
    } catch {
      const smallest = minimise(input, fails);
      const finding = { target: target.name, seed: bounds.seed, input: smallest, error: failureOf(target, smallest)?.error };
      return { runs: run + 1, shapes: shapes.size, finding };
    }
  }
  return { runs: bounds.runs, shapes: shapes.size, finding: undefined };
}

function failureOf(target: FuzzTarget, bytes: Uint8Array): { readonly error: unknown } | undefined {
  try {
    target.run(bytes.slice());
    return undefined;
  } catch (error) {
    return { error };
  }
}

const corpusRoot = fileURLToPath(new URL("corpus/", import.meta.url));

/** Every file is one input in hexadecimal. */
export function readCorpus(name: string): readonly Uint8Array[] {
  let names: readonly string[];
  try {
    names = readdirSync(join(corpusRoot, name));
  } catch {
    // A target that never found anything has no folder.
    return [];
  }
  return names.toSorted().map((file) => {
    const bytes = parseHex(readFileSync(join(corpusRoot, name, file), "utf8"));
    if (!bytes.ok) throw new Error(`fuzz/corpus/${name}/${file} is not hexadecimal`);
    return bytes.value;
  });
}

/** Keeps a failing input as a fixture; returns its path below `fuzz/`. */
export function keepFinding(finding: FuzzFinding): string {
  const folder = join(corpusRoot, finding.target);
  mkdirSync(folder, { recursive: true });
  const file = `${formatHex(sha1(finding.input)).slice(0, 12)}.hex`;
  writeFileSync(join(folder, file), `${formatHex(finding.input)}\n`);
  return `corpus/${finding.target}/${file}`;
}
