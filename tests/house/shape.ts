import { isPunct, isWord } from "./code/modules.ts";
import { isTest, packageOf, type Offence, type Tree } from "./code/tree.ts";
import type { Token } from "./code/tokens.ts";

/** Files that must have a default export, and who asks for it. */
export const mayExportDefault: Readonly<Record<string, string>> = {
  "scripts/suite/reporter.ts": "node's --test-reporter takes the default export",
};

/** Files that may end the process at once; everything else sets an exit code and lets things close. */
export const mayExit: Readonly<Record<string, string>> = {};

export function checkShape(tree: Tree): Offence[] {
  const offences: Offence[] = [];
  for (const path of tree.paths.filter((name) => name.endsWith(".ts"))) {
    const say = (line: number, message: string): void => void offences.push({ path, line, message });
    if (!/^[a-z0-9.-]+$/.test(path.split("/").at(-1) ?? "")) say(1, "file names are kebab-case");
    checkDoors(tree, path, say);
    checkTokens(path, tree.scan(path).tokens, say);
    for (const comment of tree.scan(path).comments) checkComment(comment.text, comment.line, say);
  }
  return offences;
}

type Say = (line: number, message: string) => void;

function checkDoors(tree: Tree, path: string, say: Say): void {
  for (const site of tree.module(path).exports) {
    if (site.name === "default" && mayExportDefault[path] === undefined) say(site.line, "exports a default; give it a name");
  }
  const home = packageOf(path);
  if (path.endsWith("/index.ts") && path !== `packages/${home}/src/index.ts`)
    say(1, "index.ts is only a package's door; name the file after what it holds");
}

function checkTokens(path: string, tokens: readonly Token[], say: Say): void {
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "word") continue;
    const isMember = isPunct(tokens[at - 1], ".");
    if (token.text === "enum" && tokens[at + 1]?.kind === "word" && isPunct(tokens[at + 2], "{"))
      say(token.line, "is an enum; use a union or `as const`");
    if (token.text === "namespace" && isPunct(tokens[at + 2], "{") && !isMember) say(token.line, "is a namespace; use a module");
    if (token.text === "exit" && isMember && isWord(tokens[at - 2], "process") && mayExit[path] === undefined && !isTest(path)) {
      say(token.line, "process.exit cuts off what is being written; set process.exitCode and close what is open");
    }
    if (path.endsWith(".test.ts")) checkTestWord(tokens, at, say);
  }
}

function checkTestWord(tokens: readonly Token[], at: number, say: Say): void {
  const word = tokens[at]?.text ?? "";
  const line = tokens[at]?.line ?? 0;
  const isTestCall = ["test", "it", "describe", "suite"].some((name) => isWord(tokens[at - 2], name)) && isPunct(tokens[at - 1], ".");
  if (isTestCall && ["skip", "only", "todo"].includes(word)) say(line, `.${word} leaves tests out; delete the test or make it pass`);
  if (["skip", "only", "todo"].includes(word) && isPunct(tokens[at + 1], ":") && isWord(tokens[at + 2], "true")) {
    say(line, `${word}: true leaves tests out; a skip needs a condition and says its reason`);
  }
}

function checkComment(text: string, line: number, say: Say): void {
  if (/\bTODO\b(?!\(#\d+\))/.test(text)) say(line, "a TODO names its issue: TODO(#12)");
  if (/@ts-(ignore|nocheck)/.test(text)) say(line, "use @ts-expect-error with a reason");
  if (/(oxlint|eslint)-disable/.test(text) && !/--\s*\S/.test(text))
    say(line, "a disabled lint rule says why: `oxlint-disable-next-line rule -- reason`");
}
