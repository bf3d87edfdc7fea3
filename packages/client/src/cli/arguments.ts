import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { failure, success, type Result } from "@tombolo/base";
import { fields, isSettingName, type SettingName } from "../config/fields.ts";
import { errorCode } from "../failure/errors.ts";
import type { Failure } from "../failure/failure.ts";

/** What a command understands besides --help, --json and --config. */
export interface CommandShape {
  readonly name: string;
  readonly settings: readonly SettingName[];
  /** Switches of its own, with what they do. */
  readonly switches: Readonly<Record<string, string>>;
}

export interface Arguments {
  readonly help: boolean;
  readonly json: boolean;
  readonly config: string | undefined;
  readonly switches: ReadonlySet<string>;
  readonly settings: ReadonlyMap<SettingName, string>;
}

/** `args` is what follows the command's name. */
export function parseArguments(shape: CommandShape, args: readonly string[]): Result<Arguments, Failure> {
  const refuse = (message: string): Result<never, Failure> => failure({ code: "bad-usage", message, command: shape.name });
  if (args.some((arg) => /^--(key|password|secret)(=|$)/.test(arg))) {
    return refuse(
      "A key is never given on the command line, where every user of this host can read it: use --key-file FILE or the variable TOMBOLO_KEY",
    );
  }
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: [...args], options: optionsOf(shape), strict: true, allowPositionals: false, allowNegative: true }));
  } catch (error) {
    if (errorCode(error)?.startsWith("ERR_PARSE_ARGS_") !== true) throw error;
    return refuse((error instanceof Error ? error.message : "").split(". ")[0] ?? "");
  }
  const settings = new Map<SettingName, string>();
  for (const [name, value] of Object.entries(values)) {
    if (!isSettingName(name)) continue;
    settings.set(name, typeof value === "boolean" ? (value ? "yes" : "no") : String(value));
  }
  return success({
    help: values["help"] === true,
    json: values["json"] === true,
    config: typeof values["config"] === "string" ? values["config"] : undefined,
    switches: new Set(Object.keys(shape.switches).filter((name) => values[name] === true)),
    settings,
  });
}

function optionsOf(shape: CommandShape): ParseArgsOptionsConfig {
  const options: Record<string, ParseArgsOptionsConfig[string]> = {
    help: { type: "boolean", short: "h" },
    json: { type: "boolean" },
    config: { type: "string" },
  };
  for (const name of Object.keys(shape.switches)) options[name] = { type: "boolean" };
  for (const name of shape.settings) options[name] = { type: fields[name].hint === undefined ? "boolean" : "string" };
  return options;
}
