import type { Broker } from "@tombolo/broker";
import type { LoadedSettings } from "../config/load.ts";
import type { Output } from "./output.ts";

/** An option that takes a value, or a switch. */
export interface OptionSpec {
  /** `NAME` in the usage line; undefined for a switch. */
  readonly value?: string;
  readonly about: string;
  readonly required?: boolean;
}

/** What is common to all that `tombolod` can be told to do. */
interface Common {
  /** `["admin", "pop", "add"]` */
  readonly words: readonly string[];
  /** `["HANDLE"]`: operands, all required. */
  readonly operands: readonly string[];
  readonly about: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly string[];
}

/** Runs over a broker's database; the answer goes to standard output, as text or with `--json`. */
export interface AdminCommand extends Common {
  readonly kind: "admin";
  readonly run: (broker: Broker, given: Given) => Promise<Output>;
}

/** Runs as long as it takes, on its own terms. */
export interface ProgramCommand extends Common {
  readonly kind: "program";
  readonly run: (program: ProgramContext) => Promise<void>;
}

export type Command = AdminCommand | ProgramCommand;

/** The operands and options of one call. */
export interface Given {
  operand(index: number): string;
  option(name: string): string | undefined;
  /** The command's spec says `required`. */
  required(name: string): string;
  has(name: string): boolean;
}

export interface ProgramContext {
  readonly given: Given;
  readonly loaded: LoadedSettings;
  readonly io: Io;
}

/** The process as the commands see it; tests hand in their own. */
export interface Io {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard output goes to a terminal. */
  readonly isTerminal: boolean;
  /** Standard error, where the log goes, is a terminal. */
  readonly logsToTerminal: boolean;
  out(text: string): void;
  err(text: string): void;
  /** Aborts when the process shall end. */
  readonly stop: AbortSignal;
}

/** Wrong usage; the message is followed by a hint at `--help`. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
