import { spawnSync } from "node:child_process";
import { blocksOf } from "./documents.ts";
import type { Offence, Tree } from "./code/tree.ts";

/** Documents whose `sh` blocks a reader copies. */
const pages = /^(README|CONTRIBUTING|SECURITY)\.md$|^docs\/.*\.md$/;

/** Every copied command parses, and the npm scripts and files that it names are there. */
export function checkCommands(tree: Tree): Offence[] {
  const offences: Offence[] = [];
  const scripts = Object.keys((JSON.parse(tree.text("package.json")) as { scripts?: Record<string, string> }).scripts ?? {});
  for (const path of tree.paths.filter((name) => pages.test(name))) {
    for (const block of blocksOf(tree.text(path), "sh")) {
      const say = (message: string): void => void offences.push({ path, line: block.line + 1, message });
      const fault = findSyntaxFault(block.text);
      if (fault !== undefined) say(`this block is no shell: ${fault}`);
      for (const script of npmScriptsOf(block.text)) if (!scripts.includes(script)) say(`package.json has no script "${script}"`);
      for (const [, file = ""] of block.text.matchAll(/(?:^|\s)((?:bin|scripts|\.ci)\/[\w./-]+)/gm)) {
        if (!tree.has(file)) say(`${file} does not exist`);
      }
    }
  }
  return offences;
}

/** The scripts that a text runs: "test" of `npm test`, "demo" of `npm run demo`. */
export function npmScriptsOf(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:(test|start)\b|run ([\w:-]+))/g)].map(([, short, long]) => short ?? long ?? "");
}

function findSyntaxFault(text: string): string | undefined {
  const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
  return status === 0 ? undefined : stderr.trim();
}
