import { environmentName, fields, type SettingName, type SettingValues, type Field } from "../config/fields.ts";
import { defaultConfPath } from "../config/files.ts";
import type { CommandShape } from "./arguments.ts";

/** A command with what its help says. */
export interface CommandText extends CommandShape {
  /** One line, for the list of commands. */
  readonly summary: string;
  /** A paragraph. */
  readonly about: string;
  /** Command lines, with what they do. */
  readonly examples: readonly (readonly [string, string])[];
}

export function formatProgramHelp(commands: readonly CommandText[], version: string): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    `tombolo ${version}: IPv6 for this host over an IPv4 network, by a tunnel from a Tombolo or SixXS-style broker.`,
    "",
    "usage: tombolo COMMAND [OPTIONS]",
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    `  ${"aiccu".padEnd(width)}  be aiccu: "tombolo aiccu start|stop|tunnels|…" with an aiccu.conf`,
    "",
    `"tombolo COMMAND --help" tells more and shows examples. Settings come from flags, then from the environment, then from`,
    `${defaultConfPath}; "tombolo config" shows what results. The README of the client lists the exit codes.`,
  ].join("\n");
}

export function formatCommandHelp(command: CommandText): string {
  const rows = [
    ...command.settings.map(settingRow),
    ...Object.entries(command.switches).map(([name, about]): [string, string] => [`--${name}`, about]),
    ["--config FILE", `the configuration file (${defaultConfPath}, when it exists)`] as const,
    ["--json", "write JSON for machines"] as const,
    ["--help", "show this"] as const,
  ];
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    `usage: tombolo ${command.name} [OPTIONS]`,
    "",
    command.about,
    "",
    "options:",
    ...rows.map(([flag, about]) => `  ${flag.padEnd(width)}  ${about}`),
    "",
    `Settings may also come from the environment (--run-dir as ${environmentName("run-dir")}; the access key itself as ${environmentName("key")}).`,
    "",
    "examples:",
    ...command.examples.flatMap(([line, about]) => [`  ${line}`, `      ${about}`]),
  ].join("\n");
}

/** An annotated file that holds every setting, commented out where there is a default or none is needed. */
export function formatExampleConf(names: readonly SettingName[]): string {
  const needed = new Set<SettingName>(["server", "user", "key-file"]);
  const parts = names.map((name) => `# ${fields[name].about}\n${needed.has(name) ? "" : "#"}${name} = ${fields[name].example}`);
  return [
    '# Settings of the tombolo client: one "name = value" a line. Environment variables and flags win over this file.',
    ...parts,
  ].join("\n\n");
}

function settingRow(name: SettingName): [string, string] {
  const field: Field<SettingValues[SettingName]> = fields[name];
  const flag = field.hint === undefined ? `--[no-]${name}` : `--${name} ${field.hint}`;
  const fallback = field.fallback === undefined ? "" : ` (${field.format(field.fallback)})`;
  return [flag, `${field.about}${fallback}`];
}
