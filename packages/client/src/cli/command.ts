import type { Settings } from "../config/settings.ts";
import type { Failure } from "../failure/failure.ts";
import type { Line } from "../report/notes.ts";
import type { Arguments } from "./arguments.ts";
import type { CommandText } from "./help.ts";

/** What a command is given: its settings, and where its words go. */
export interface CommandContext {
  readonly args: Arguments;
  readonly settings: Settings;
  readonly json: boolean;
  /** A result for people. */
  line(line: Line): void;
  /** A result as it is: a table, a file, JSON. */
  out(text: string): void;
}

/** One word behind `tombolo`; the value is what failed, or nothing. */
export interface Command extends CommandText {
  run(context: CommandContext): Promise<Failure | undefined>;
}
