import type { Machine } from "./machine.ts";
import { meetsGoal, type Row } from "./rows.ts";

/** The rows for a person to read. */
export function formatRows(machine: Machine, rows: readonly Row[]): string {
  const gib = (machine.memoryBytes / 2 ** 30).toFixed(0);
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, ${gib} GiB, Linux ${machine.kernel}, Node ${machine.node}, load before ${machine.loadBefore}`,
    ...rows.map((row) => `${row.name.padEnd(28)} ${formatValue(row).padStart(12)}   ${formatGoal(row)}`),
  ];
  return `\n${lines.join("\n")}\n`;
}

const decimals: Readonly<Record<Exclude<Row["unit"], "ratio">, number>> = { ms: 3, s: 1, bytes: 0, "per-s": 0 };

function formatValue(row: Row): string {
  if (row.unit === "ratio") return row.value.toPrecision(3);
  return `${row.value.toFixed(decimals[row.unit])} ${row.unit}`;
}

function formatGoal(row: Row): string {
  if (row.goal === null) return "";
  const word = row.better === "higher" ? "at least" : "at most";
  return `goal: ${word} ${row.goal}, ${meetsGoal(row) ? "met" : "NOT met"}`;
}
