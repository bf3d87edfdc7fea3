import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** A line of a document's `sh` block that runs one of our programs. */
export interface CopiedCommand {
  readonly page: string;
  readonly program: "bin/tombolo" | "bin/tombolod";
  /** `admin account add` */
  readonly words: readonly string[];
  /** What follows the program's name, quotes taken away. */
  readonly args: readonly string[];
}

export function readCommands(page: string): readonly CopiedCommand[] {
  return [...readFileSync(`${root}${page}`, "utf8").matchAll(/^```sh\n([^]*?)^```/gm)]
    .flatMap(([, block = ""]) => block.split("\n"))
    .flatMap((line) => {
      const [program, ...args] = splitWords(line);
      return program === "bin/tombolo" || program === "bin/tombolod" ? [{ page, program, words: commandWords(args), args }] : [];
    });
}

/** Enough of a shell for what documents show: words and single quotes. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** `admin NOUN VERB`, or one word. */
function commandWords(args: readonly string[]): readonly string[] {
  return args.slice(0, args[0] === "admin" ? 3 : 1);
}
