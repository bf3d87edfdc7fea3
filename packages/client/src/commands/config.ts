import type { Command } from "../cli/command.ts";
import { formatExampleConf } from "../cli/help.ts";
import { environmentName, fields, settingNames, type Field, type SettingName, type SettingValues } from "../config/fields.ts";
import { describeOrigin, type Settings } from "../config/settings.ts";

export const configCommand: Command = {
  name: "config",
  summary: "show the settings and where each comes from",
  about:
    "Checks the configuration file, the environment and the flags, and shows every setting with where it was said. Keys are not shown.\nEnds with exit code 2 when something is wrong.",
  settings: settingNames.filter((name) => !fields[name].secret),
  switches: { example: "write an annotated configuration file instead" },
  examples: [
    ["tombolo config", "what a run would use"],
    ["tombolo config --example > /etc/tombolo/tombolo.conf", "a file to begin with"],
  ],
  run(context) {
    if (context.args.switches.has("example")) context.out(formatExampleConf(settingNames));
    else if (context.json)
      context.out(JSON.stringify(Object.fromEntries(settingNames.map((name) => [name, describe(context.settings, name)]))));
    else context.out(formatTable(context.settings));
    return Promise.resolve(undefined);
  },
};

function formatTable(settings: Settings): string {
  const rows = settingNames.map((name) => {
    const { value, from } = describe(settings, name);
    return value === null ? [`# ${name} is not set`, environmentName(name)] : [`${name} = ${value}`, from];
  });
  const width = Math.max(...rows.map(([text = ""]) => text.length));
  return rows.map(([text = "", from = ""]) => `${text.padEnd(width)}  # ${from}`).join("\n");
}

function describe<Name extends SettingName>(settings: Settings, name: Name): { value: string | null; from: string } {
  const field: Field<SettingValues[Name]> = fields[name];
  const value: SettingValues[Name] | undefined = settings.values[name];
  const origin = settings.origins.get(name);
  return value === undefined || origin === undefined
    ? { value: null, from: "" }
    : { value: field.format(value), from: describeOrigin(origin) };
}
