import { isPunct, isWord } from "./code/modules.ts";
import { isTest, packageOf, type Offence, type Tree } from "./code/tree.ts";
import type { Token } from "./code/tokens.ts";

/**
 * The files that may read the time or draw chance from the air. Everything else is handed a clock or a source, so that a test can drive
 * it. Keep this list short: one line per place where a program is put together.
 */
const mayReadAir: Readonly<Record<string, string>> = {
  "packages/client/src/run/clocks.ts": "tombolo is put together there",
  "packages/dataplane/src/drivers/userspace.ts": "opens the data plane of this machine",
  "packages/dataplane/src/drivers/worker.ts": "a worker is a program of its own; the engine in it is handed the time",
  "packages/lab/src/wait/clocks.ts": "the lab watches programs that run in real time",
  "packages/server/src/platform/clocks.ts": "tombolod is put together there",
  "packages/server/src/platform/crypto.ts": "tombolod's source of chance",
};

/** Rooms that know no time-outs and no console: they return effects and notes. */
const pureRooms = new Set(["base", "protocols", "broker"]);
const platformWords = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "console",
  "process",
  "Buffer",
  "fetch",
  "globalThis",
  "require",
]);
const chanceWords = new Set(["getRandomValues", "randomBytes", "randomUUID", "randomInt", "randomFill", "randomFillSync"]);

export function checkAmbient(tree: Tree, allowed: Readonly<Record<string, string>> = mayReadAir): Offence[] {
  const offences: Offence[] = [];
  for (const path of tree.paths.filter((name) => name.endsWith(".ts") && packageOf(name) !== undefined && !isTest(name))) {
    const { tokens } = tree.scan(path);
    const isPure = pureRooms.has(packageOf(path) ?? "");
    let used = false;
    for (const [at, token] of tokens.entries()) {
      const air = airAt(tokens, at);
      if (air !== undefined) {
        used = true;
        if (allowed[path] === undefined) {
          offences.push({
            path,
            line: token.line,
            message: `reads ${air} from the air; take a clock or a source of chance as an argument`,
          });
        }
      }
      if (isPure && token.kind === "word" && platformWords.has(token.text) && isFree(tokens, at)) {
        offences.push({ path, line: token.line, message: `${token.text} is of the platform; return an effect or a note instead` });
      }
    }
    if (allowed[path] !== undefined && !used) {
      offences.push({ path, line: 1, message: "stands in mayReadAir but reads nothing from the air; remove it from the list" });
    }
  }
  for (const path of Object.keys(allowed)) {
    if (!tree.has(path)) offences.push({ path, line: 1, message: "stands in mayReadAir but does not exist; remove it from the list" });
  }
  return offences;
}

function airAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  if (token?.kind !== "word") return undefined;
  const member = isPunct(tokens[at + 1], ".") || isPunct(tokens[at + 1], "?.") ? tokens[at + 2] : undefined;
  if (token.text === "Date" && isWord(member, "now")) return "Date.now";
  if (token.text === "Date" && isWord(tokens[at - 1], "new") && !hasArguments(tokens, at + 1)) return "new Date()";
  if (token.text === "Date" && isPunct(tokens[at + 1], "(") && !isWord(tokens[at - 1], "new") && isFree(tokens, at)) return "Date()";
  if (token.text === "performance" && isWord(member, "now")) return "performance.now";
  if (token.text === "Math" && isWord(member, "random")) return "Math.random";
  if (token.text === "hrtime") return "process.hrtime";
  return chanceWords.has(token.text) ? token.text : undefined;
}

function hasArguments(tokens: readonly Token[], paren: number): boolean {
  return isPunct(tokens[paren], "(") && !isPunct(tokens[paren + 1], ")");
}

/** A name of its own: no member of something, no property's name. */
function isFree(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  return !isPunct(before, ".") && !isPunct(before, "?.") && !isPunct(tokens[at + 1], ":") && !isPunct(tokens[at + 1], "?");
}
