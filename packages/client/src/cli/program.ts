import { createInterface } from "node:readline/promises";
import { runAiccu } from "../aiccu/face.ts";
import type { AiccuIo } from "../aiccu/io.ts";
import { configCommand } from "../commands/config.ts";
import { downCommand } from "../commands/down.ts";
import { statusCommand } from "../commands/status.ts";
import { tunnelsCommand } from "../commands/tunnels.ts";
import { upCommand } from "../commands/up.ts";
import { defaultConfPath, readConfFile } from "../config/files.ts";
import { mergeSettings, type Settings } from "../config/settings.ts";
import { describeFailure } from "../failure/describe.ts";
import { errorMessage } from "../failure/errors.ts";
import { exitCodes, type Failure } from "../failure/failure.ts";
import { failure, type Result } from "@tombolo/base";
import { formatNote } from "../report/notes.ts";
import { isBackgroundChild, runBackgroundChild } from "../run/background.ts";
import { wallClock } from "../run/clocks.ts";
import { nameLogin } from "../run/name-login.ts";
import { describeTrouble, formatTime } from "../run/status.ts";
import { programName, version } from "../version.ts";
import { parseArguments, type Arguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import type { Console } from "./console.ts";
import { formatCommandHelp, formatProgramHelp } from "./help.ts";

const commands: readonly Command[] = [upCommand, downCommand, statusCommand, tunnelsCommand, configCommand];

/** The program: `args` is what follows its name. Answers the exit code. Never rejects. */
export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  console: Console,
): Promise<number> {
  let json = args.includes("--json");
  try {
    if (args[0] === "aiccu" && !isBackgroundChild(environment)) return await runAiccu(args.slice(1), environment, makeAiccuIo(console));
    const problem = isBackgroundChild(environment) ? await logChild(console) : await runCommand(args, environment, console);
    if (problem === undefined) return 0;
    json = json && problem.code !== "bad-usage";
    return complain(problem, json, console);
  } catch (error) {
    return complain({ code: "internal", message: errorMessage(error) }, json, console);
  }
}

async function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  console: Console,
): Promise<Failure | undefined> {
  const [name, ...rest] = args;
  switch (name) {
    case undefined:
      return {
        code: "bad-usage",
        message: `A command is missing: ${commands.map((command) => command.name).join(", ")}`,
        command: undefined,
      };
    case "--version":
    case "-V":
    case "version":
      console.out(programName.replace("/", " "));
      return undefined;
    case "--help":
    case "-h":
    case "help":
      return help(rest[0], console);
  }
  const command = commands.find((known) => known.name === name);
  if (command === undefined) return { code: "bad-usage", message: `There is no command "${name}"`, command: undefined };
  const parsed = parseArguments(command, rest);
  if (!parsed.ok) return parsed.reason;
  if (parsed.value.help) return help(command.name, console);
  const settings = loadSettings(parsed.value, environment);
  if (!settings.ok) return settings.reason;
  return command.run({
    args: parsed.value,
    settings: settings.value,
    json: parsed.value.json,
    line: (line) => console.line(line),
    out: (text) => console.out(text),
  });
}

function help(name: string | undefined, console: Console): Failure | undefined {
  const command = commands.find((known) => known.name === name);
  if (name !== undefined && command === undefined)
    return { code: "bad-usage", message: `There is no command "${name}"`, command: undefined };
  console.out(command === undefined ? formatProgramHelp(commands, version) : formatCommandHelp(command));
  return undefined;
}

function loadSettings(args: Arguments, environment: Readonly<Record<string, string | undefined>>): Result<Settings, Failure> {
  const asked = args.config ?? environment["TOMBOLO_CONFIG"];
  const file = readConfFile(asked ?? defaultConfPath, asked !== undefined);
  if (!file.ok) return failure(file.reason);
  return mergeSettings({ flags: args.settings, environment, file: file.value });
}

/** The background's log: a time before every line, because nothing else would tell it. */
async function logChild(console: Console): Promise<Failure | undefined> {
  const log = (text: string): void => console.out(`${formatTime(wallClock.nowSec())} ${text}`);
  const problem = await runBackgroundChild((note, settings) => log(formatNote(note, nameLogin(settings.login)).text));
  log(problem === undefined ? "Down." : describeFailure(problem));
  return undefined;
}

function makeAiccuIo(console: Console): AiccuIo {
  return {
    out: (text) => console.out(text),
    write: (text) => void process.stdout.write(text),
    log: (line) => console.complain(line, "plain"),
    ask: async (question) => {
      const lines = createInterface({ input: process.stdin, output: process.stdout });
      try {
        // Without anybody there is an end of the input instead of an answer.
        const gone = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
        return await Promise.race([lines.question(question), gone]);
      } finally {
        lines.close();
      }
    },
  };
}

function complain(problem: Failure, json: boolean, console: Console): number {
  const trouble = describeTrouble(problem);
  if (json) console.out(JSON.stringify({ error: trouble }));
  else console.complain(`tombolo: ${trouble.message}`);
  return exitCodes[problem.code];
}
