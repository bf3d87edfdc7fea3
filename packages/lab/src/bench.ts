// `npm run bench`: the figures that ARCHITECTURE.md names.
import { formatRows } from "./bench/format.ts";
import { measureGroup } from "./bench/groups.ts";
import { readMachine } from "./bench/machine.ts";
import { chooseRows, type Row } from "./bench/rows.ts";
import { benchUsage, readBenchOptions, type BenchOptions } from "./bench/usage.ts";
import { findObstacle } from "./lab/obstacle.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readBenchOptions(process.argv.slice(2));
  if (!options.ok) {
    process.stderr.write(`bench: ${options.fault}\n${benchUsage}\n`);
    return 2;
  }
  if (options.value.help) {
    process.stdout.write(`${benchUsage}\n`);
    return 0;
  }
  const obstacle = findObstacle();
  if (obstacle !== undefined) {
    process.stderr.write(`bench: ${obstacle}\n`);
    return 3;
  }
  return measure(options.value);
}

async function measure(options: BenchOptions): Promise<number> {
  const chosen = chooseRows(options.only);
  if (chosen.size === 0) {
    process.stderr.write(`bench: no row begins with "${options.only}"\n${benchUsage}\n`);
    return 2;
  }
  const machine = readMachine();
  if (machine.loadBefore > machine.cores) {
    progress(`the machine is busy (load ${machine.loadBefore} on ${machine.cores} cores): the figures will be low and uneven`);
  }
  const rows: Row[] = [];
  let missing = 0;
  for (const [group, wanted] of chosen) {
    progress(group);
    const measured = await measureGroup(group, wanted, (text) => progress(`  ${text}`)).catch((error: unknown) => {
      progress(`  failed: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    rows.push(...measured);
    missing += wanted.size - measured.length;
  }
  process.stdout.write(options.json ? `${JSON.stringify({ machine, rows })}\n` : formatRows(machine, rows));
  return missing === 0 ? 0 : 1;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
