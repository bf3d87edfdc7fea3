import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError, type Command, type Given } from "./command.ts";

/** Understood by every command. */
const commonOptions = {
  config: { type: "string" },
  database: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsConfig["options"];

export interface ParsedCall {
  readonly command: Command;
  readonly given: Given;
  readonly config: string | undefined;
  readonly database: string | undefined;
  readonly json: boolean;
}

export interface HelpCall {
  readonly help: "all" | Command;
  /** The words before `--help`, to show the commands below them only. */
  readonly words: readonly string[];
}

/** Finds the command and reads its operands and options; throws `UsageError`. */
export function parseCall(argv: readonly string[], commands: readonly Command[]): ParsedCall | HelpCall {
  const words = argv.slice(0, argv.findIndex((word) => word.startsWith("-")) >>> 0);
  const wantsHelp = argv.includes("--help") || argv.includes("-h");
  const command = findCommand(words, commands);
  if (command === undefined) {
    if (wantsHelp || argv.length === 0) return { help: "all", words };
    throw new UsageError(complaint(words, commands));
  }
  if (wantsHelp) return { help: command, words };
  const { values, positionals } = parseWith(argv.slice(command.words.length), command);
  checkOperands(command, positionals);
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  for (const [name, spec] of Object.entries(command.options)) {
    if (spec.required === true && text(name) === undefined) throw new UsageError(`--${name} ${spec.value ?? ""} is missing: ${spec.about}`);
  }
  return {
    command,
    config: text("config"),
    database: text("database"),
    json: values["json"] === true,
    given: {
      operand: (index) => positionals[index] ?? "",
      option: text,
      required: (name) => text(name) ?? "",
      has: (name) => values[name] !== undefined,
    },
  };
}

function findCommand(words: readonly string[], commands: readonly Command[]): Command | undefined {
  return commands.find((command) => command.words.every((word, i) => words[i] === word));
}

function parseWith(args: readonly string[], command: Command): ReturnType<typeof parseArgs> {
  const options: NonNullable<ParseArgsConfig["options"]> = { ...commonOptions };
  for (const [name, spec] of Object.entries(command.options)) options[name] = { type: spec.value === undefined ? "boolean" : "string" };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    // The messages of parseArgs name the option; its advice about positionals helps nobody here.
    throw new UsageError((error as Error).message.split(". ")[0] ?? "wrong usage", { cause: error });
  }
}

function checkOperands(command: Command, positionals: readonly string[]): void {
  const missing = command.operands[positionals.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing`);
  const surplus = positionals[command.operands.length];
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is too much`);
}

/** Names the words that may come where the wrong one is. */
function complaint(words: readonly string[], commands: readonly Command[]): string {
  if (words.length === 0) return "a command is missing";
  const known = words.filter((_, i) => commands.some((command) => startsWith(command, words.slice(0, i + 1))));
  if (known.length === 0) return `there is no command "${words[0] ?? ""}"`;
  const next = commands.flatMap((command) => (startsWith(command, known) ? (command.words[known.length] ?? []) : []));
  return `"${words.join(" ")}" is not a command; after "${known.join(" ")}" may come: ${[...new Set(next)].join(", ")}`;
}

function startsWith(command: Command, words: readonly string[]): boolean {
  return words.every((word, i) => command.words[i] === word);
}
