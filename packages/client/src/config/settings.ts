import { failure, success, type Result } from "@tombolo/base";
import type { Failure } from "../failure/failure.ts";
import type { ConfEntry } from "./conf-file.ts";
import { environmentName, fields, isSettingName, settingNames, type Field, type SettingName, type SettingValues } from "./fields.ts";

/** Settings with where each was said; what was said nowhere and has no default is missing. */
export interface Settings {
  readonly values: Readonly<Partial<SettingValues>>;
  readonly origins: ReadonlyMap<SettingName, Origin>;
}

export type Origin =
  | { readonly kind: "flag"; readonly flag: string }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string; readonly line: number }
  | { readonly kind: "default" };

export interface SettingSources {
  /** By setting name, as text; yes/no for switches. */
  readonly flags: ReadonlyMap<SettingName, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: { readonly path: string; readonly entries: readonly ConfEntry[] } | undefined;
}

/** Flags win over the environment, that over the file, that over the defaults. The first wrong value ends it, wherever it stands. */
export function mergeSettings(sources: SettingSources): Result<Settings, Failure> {
  const draft = makeDraft();
  const layers = [fileLayer(sources.file), environmentLayer(sources.environment), flagLayer(sources.flags)];
  for (const layer of layers) {
    const refused = layer.ok ? applyLayer(draft, layer.value) : layer;
    if (!refused.ok) return refused;
  }
  return success({ values: draft.values, origins: draft.origins });
}

export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "flag":
      return `flag ${origin.flag}`;
    case "environment":
      return `environment variable ${origin.variable}`;
    case "file":
      return `${origin.path} line ${origin.line}`;
    case "default":
      return "default";
  }
}

interface Saying {
  readonly name: SettingName;
  readonly text: string;
  readonly origin: Origin;
}

interface Draft {
  readonly values: { -readonly [Name in SettingName]?: SettingValues[Name] };
  readonly origins: Map<SettingName, Origin>;
}

function makeDraft(): Draft {
  const draft: Draft = { values: {}, origins: new Map() };
  const takeDefault = <Name extends SettingName>(name: Name): void => {
    const { fallback }: Field<SettingValues[Name]> = fields[name];
    if (fallback === undefined) return;
    draft.values[name] = fallback;
    draft.origins.set(name, { kind: "default" });
  };
  for (const name of settingNames) takeDefault(name);
  return draft;
}

function applyLayer(draft: Draft, layer: readonly Saying[]): Result<void, Failure> {
  const names = new Set(layer.map((saying) => saying.name));
  if (names.has("key") && names.has("key-file")) {
    const where = layer.find((saying) => saying.name === "key");
    return refuse(where?.origin ?? { kind: "default" }, "key", undefined, 'it stands beside "key-file"; keep one of the two');
  }
  // Two ways to say one thing: the later layer's way replaces the other way of an earlier one.
  if (names.has("key")) forget(draft, "key-file");
  if (names.has("key-file")) forget(draft, "key");
  for (const saying of layer) {
    const taken = takeValue(draft, saying.name, saying);
    if (!taken.ok) return taken;
  }
  return success(undefined);
}

function takeValue<Name extends SettingName>(draft: Draft, name: Name, saying: Saying): Result<void, Failure> {
  const field: Field<SettingValues[Name]> = fields[name];
  const parsed = field.parse(saying.text);
  if (!parsed.ok) return refuse(saying.origin, name, field.secret ? undefined : saying.text, parsed.reason);
  draft.values[name] = parsed.value;
  draft.origins.set(name, saying.origin);
  return success(undefined);
}

function forget(draft: Draft, name: SettingName): void {
  delete draft.values[name];
  draft.origins.delete(name);
}

function fileLayer(file: SettingSources["file"]): Result<readonly Saying[], Failure> {
  const layer: Saying[] = [];
  for (const entry of file?.entries ?? []) {
    const origin: Origin = { kind: "file", path: file?.path ?? "", line: entry.line };
    // The value is not shown: a misspelt "key" would put the key on the screen.
    if (!isSettingName(entry.name))
      return refuse(origin, entry.name, undefined, `there is no such setting; there are ${settingNames.join(", ")}`);
    layer.push({ name: entry.name, text: entry.value, origin });
  }
  return success(layer);
}

/** An empty variable counts as not set, as is usual in units and containers. */
function environmentLayer(environment: SettingSources["environment"]): Result<readonly Saying[], Failure> {
  const layer: Saying[] = [];
  for (const name of settingNames) {
    const variable = environmentName(name);
    const text = environment[variable];
    if (text !== undefined && text !== "") layer.push({ name, text, origin: { kind: "environment", variable } });
  }
  return success(layer);
}

function flagLayer(flags: SettingSources["flags"]): Result<readonly Saying[], Failure> {
  return success([...flags].map(([name, text]) => ({ name, text, origin: { kind: "flag", flag: `--${name}` } as const })));
}

function refuse(origin: Origin, field: string, value: string | undefined, fix: string): Result<never, Failure> {
  return failure({ code: "bad-configuration", where: describeOrigin(origin), field, value, fix });
}
