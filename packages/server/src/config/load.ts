import { readFile } from "node:fs/promises";
import { parse, TomlError } from "smol-toml";
import { codeOf, StartupError } from "../run/startup-error.ts";
import { readSettings, type ConfigFault, type ReadSettings } from "./read.ts";

export interface LoadedSettings extends ReadSettings {
  /** Undefined when there is no file and the defaults hold. */
  readonly file: string | undefined;
}

/** Looked at in this order when `--config` and TOMBOLOD_CONFIG name none. */
const usualFiles = ["./tombolo.toml", "/etc/tombolo/tombolo.toml"];
const fileMaxBytes = 1_048_576;

/** Reads file and environment; throws `StartupError` "config" with one line for each fault. */
export async function loadSettings(
  named: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LoadedSettings> {
  const found = await findFile(named ?? environment["TOMBOLOD_CONFIG"]);
  const where = found?.path ?? "environment";
  const read = readSettings(found === undefined ? {} : parseToml(found.path, found.text), environment);
  if (!read.ok) throw new StartupError("config", read.reason.map((fault) => `${where}: ${formatFault(fault)}`).join("\n"));
  return { ...read.value, file: found?.path };
}

function formatFault(fault: ConfigFault): string {
  return fault.value === undefined ? `${fault.field} is unknown: ${fault.fix}` : `${fault.field} is ${fault.value}: ${fault.fix}`;
}

async function findFile(named: string | undefined): Promise<{ path: string; text: string } | undefined> {
  for (const path of named === undefined ? usualFiles : [named]) {
    const text = await readIfThere(path);
    if (text !== undefined) return { path, text };
  }
  if (named !== undefined) throw new StartupError("config", `${named}: there is no such file`);
  return undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, "utf8");
    if (text.length > fileMaxBytes) throw new StartupError("config", `${path}: larger than a configuration can be`);
    return text;
  } catch (error) {
    if (error instanceof StartupError) throw error;
    if (codeOf(error) === "ENOENT") return undefined;
    throw new StartupError("config", `${path}: cannot be read (${codeOf(error)})`);
  }
}

function parseToml(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new StartupError(
      "config",
      `${path}: line ${error.line}, column ${error.column}: ${error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "") ?? ""}`,
    );
  }
}
