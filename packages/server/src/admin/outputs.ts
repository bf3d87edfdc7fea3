import type { Output } from "../cli/output.ts";
import { formatPairs, formatTable } from "../cli/table.ts";

type Flat = Readonly<Record<string, unknown>>;

/** A table of `columns`; JSON gets every field. */
export function listOutput<T extends object>(items: readonly T[], columns: readonly (keyof T & string)[], whatIfEmpty: string): Output {
  return {
    json: items,
    text: (style) => {
      if (items.length === 0) return whatIfEmpty;
      const rows = items.map((item) => columns.map((column) => cellOf(item[column])));
      return formatTable(
        columns.map((column) => spaced(column).toUpperCase()),
        rows,
        style,
      );
    },
  };
}

/** All fields of one thing, one a line, and `notes` below for people. */
export function itemOutput(item: object, notes: readonly string[] = []): Output {
  return {
    json: item,
    text: (style) => {
      const pairs = Object.entries(item as Flat).map(([name, value]) => [spaced(name), cellOf(value)] as const);
      return [formatPairs(pairs, style), ...notes.map((note) => `\n${note}`)].join("\n");
    },
  };
}

/** `lastSeen` is `last seen`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(cellOf).join(", ");
  if (typeof value === "object") return Object.values(value).map(cellOf).join(" ");
  // Texts come from users; control characters must not reach a terminal.
  return typeof value === "string" ? value.replace(/\p{Cc}/gu, "?") : JSON.stringify(value);
}
