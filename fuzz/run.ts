import { parseArgs } from "node:util";
import { formatHex } from "@tombolo/base";
import { fuzz, keepFinding } from "./fuzz.ts";
import { targets } from "./targets.ts";

const usage = `node --conditions=source fuzz/run.ts [--target NAME] [--seconds N] [--runs N] [--seed N]
  --target   one of ${targets.map(({ name }) => name).join(", ")}; by default all of them
  --seconds  how long for each target; 10 by default
  --runs     at most so many inputs for each target; no bound by default
  --seed     a number that makes a run repeatable; the time by default
A failing input is made small, kept under fuzz/corpus/, and tried first ever after.`;

/** Exit status: 0 nothing found, 1 something found, 2 wrong use. */
function main(): number {
  const options = { target: "string", seconds: "string", runs: "string", seed: "string", help: "boolean" } as const;
  const { values } = parseArgs({
    options: Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type }])),
  });
  const number = (text: unknown, otherwise: number): number => (typeof text === "string" ? Number(text) : otherwise);
  const [seconds, runs, seed] = [
    number(values["seconds"], 10),
    number(values["runs"], Number.MAX_SAFE_INTEGER),
    number(values["seed"], Date.now()),
  ];
  const chosen = targets.filter(({ name }) => values["target"] === undefined || name === values["target"]);
  if (values["help"] === true || chosen.length === 0 || ![seconds, runs, seed].every((n) => n >= 0)) {
    process.stdout.write(`${usage}\n`);
    return values["help"] === true ? 0 : 2;
  }
  let found = 0;
  for (const target of chosen) {
    const end = performance.now() + seconds * 1000;
    const result = fuzz(target, { seed, runs, isOver: () => performance.now() > end });
    process.stdout.write(`${target.name.padEnd(14)} ${result.runs} runs, ${result.shapes} outcomes, seed ${seed}\n`);
    if (result.finding === undefined) continue;
    found += 1;
    const { error, input } = result.finding;
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stdout.write(`  FAILS on ${formatHex(input)}\n  kept as fuzz/${keepFinding(result.finding)}\n  ${trace}\n`);
  }
  return found > 0 ? 1 : 0;
}

process.exitCode = main();
