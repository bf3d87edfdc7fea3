import { failure, success, type Result } from "@tombolo/base";
import type { RawValue, Row } from "./rows.ts";
import type { Settings } from "./settings.ts";
import { table } from "./table.ts";

export interface ConfigFault {
  /** `tic.port`, or TOMBOLO_TIC_PORT when it came from the environment. */
  readonly field: string;
  /** As it was given; undefined for a key that should not be there. */
  readonly value: string | undefined;
  readonly fix: string;
}

/** One setting as it came out, for people to look at. */
export interface EffectiveSetting {
  readonly field: string;
  /** Secrets are masked. */
  readonly value: RawValue;
  readonly from: "default" | "file" | "environment";
  readonly about: string;
}

export interface ReadSettings {
  readonly settings: Settings;
  readonly effective: readonly EffectiveSetting[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Checks everything and tells all faults at once. The environment wins over the file, the file over the defaults. */
export function readSettings(file: unknown, environment: Environment): Result<ReadSettings, readonly ConfigFault[]> {
  const faults: ConfigFault[] = [...strangersInFile(file), ...strangersInEnvironment(environment)];
  const effective: EffectiveSetting[] = [];
  const settings: Record<string, Record<string, unknown>> = {};
  for (const [section, rows] of Object.entries(table)) {
    const values: Record<string, unknown> = {};
    settings[section] = values;
    for (const [key, row] of Object.entries(rows) as [string, Row<unknown>][]) {
      const place = { section, key, row };
      const given = findGiven(place, file, environment);
      const result = row.schema.safeParse(given.value);
      if (result.success) values[key] = result.data;
      else faults.push({ field: given.field, value: row.secret ? "…" : JSON.stringify(given.value), fix: fixOf(result.error) });
      effective.push({ field: fieldOf(section, key), value: maskedOf(row, given.value), from: given.from, about: row.about });
    }
  }
  // Each key was read by the schema that SettingsTable demands of it; the loop only hides that from the compiler.
  return faults.length > 0 ? failure(faults) : success({ settings: settings as unknown as Settings, effective });
}

interface Place {
  readonly section: string;
  readonly key: string;
  readonly row: Row<unknown>;
}

interface Given {
  readonly field: string;
  readonly value: unknown;
  readonly from: EffectiveSetting["from"];
}

function findGiven({ section, key, row }: Place, file: unknown, environment: Environment): Given {
  const variable = variableOf(section, key);
  const fromEnvironment = environment[variable];
  if (fromEnvironment !== undefined) return { field: variable, value: readVariable(fromEnvironment, row.byDefault), from: "environment" };
  const field = fieldOf(section, key);
  const inFile = tableOf(file)[section];
  const fromFile = isTable(inFile) ? inFile[dashed(key)] : undefined;
  return fromFile === undefined ? { field, value: row.byDefault, from: "default" } : { field, value: fromFile, from: "file" };
}

/** A variable is text; the default tells what it stands for. */
function readVariable(value: string, byDefault: RawValue): unknown {
  if (typeof byDefault === "number" && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (typeof byDefault === "boolean" && (value === "true" || value === "false")) return value === "true";
  if (typeof byDefault === "object") return value === "" ? [] : value.split(",");
  return value;
}

function strangersInFile(file: unknown): ConfigFault[] {
  return Object.entries(tableOf(file)).flatMap(([section, values]): ConfigFault[] => {
    const rows: Readonly<Record<string, unknown>> | undefined = Object.hasOwn(table, section)
      ? table[section as keyof Settings]
      : undefined;
    if (rows === undefined)
      return [stranger(section, Object.keys(table), isTable(values) ? "sections" : "sections, and keys belong into one")];
    if (!isTable(values))
      return [{ field: section, value: JSON.stringify(values), fix: `write [${section}] on a line of its own and its keys below` }];
    const known = Object.keys(rows).map(dashed);
    return Object.keys(values).flatMap((key) =>
      known.includes(key)
        ? []
        : [
            stranger(
              `${section}.${key}`,
              known.map((item) => `${section}.${item}`),
              "keys",
            ),
          ],
    );
  });
}

/** Other programs may own TOMBOLO_ variables too; only those that look like a section of ours are judged. */
function strangersInEnvironment(environment: Environment): ConfigFault[] {
  const known = Object.entries(table).flatMap(([section, rows]) => Object.keys(rows).map((key) => variableOf(section, key)));
  const sections = Object.keys(table).map((section) => `TOMBOLO_${section.toUpperCase()}_`);
  return Object.keys(environment)
    .filter((name) => sections.some((start) => name.startsWith(start)) && !known.includes(name))
    .map((name) => stranger(name, known, "variables"));
}

function stranger(name: string, known: readonly string[], what: string): ConfigFault {
  const nearest = known.map((item) => ({ item, distance: distanceOf(name, item) })).sort((a, b) => a.distance - b.distance)[0];
  const meant = nearest !== undefined && nearest.distance <= 3 ? `did you mean ${nearest.item}?` : undefined;
  return { field: name, value: undefined, fix: meant ?? `remove it; known ${what}: ${known.join(", ")}` };
}

/** Levenshtein's distance: how many typing errors lie between two names. */
function distanceOf(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const now = [i + 1];
    for (const [j, other] of [...b].entries()) {
      now.push(Math.min((now[j] ?? 0) + 1, (before[j + 1] ?? 0) + 1, (before[j] ?? 0) + (letter === other ? 0 : 1)));
    }
    before = now;
  }
  return before[b.length] ?? 0;
}

function fixOf(error: { readonly issues: readonly { readonly message: string }[] }): string {
  return error.issues[0]?.message ?? "give another value";
}

function maskedOf(row: Row<unknown>, value: unknown): RawValue {
  if (row.secret) return value === "" ? "" : "…";
  if (typeof value === "string") return value.replace(/^([a-z]+:\/\/[^/:@]*):[^@]*@/, "$1:…@");
  return value as RawValue;
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tableOf(value: unknown): Table {
  return isTable(value) ? value : {};
}

function fieldOf(section: string, key: string): string {
  return `${section}.${dashed(key)}`;
}

function variableOf(section: string, key: string): string {
  return `TOMBOLO_${section}_${dashed(key).replaceAll("-", "_")}`.toUpperCase();
}

/** `maxConnections` is `max-connections`, `outerIpv4` is `outer-ipv4`. */
function dashed(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
