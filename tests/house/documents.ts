import { posix } from "node:path";
import type { Offence, Tree } from "./code/tree.ts";

/** Links lead somewhere, named paths exist, the code map is whole, every page of docs/ is in its index. */
export function checkDocuments(tree: Tree): Offence[] {
  const offences: Offence[] = [];
  for (const path of tree.paths.filter((name) => name.endsWith(".md") && !name.includes("/vectors/"))) {
    const say = (line: number, message: string): void => void offences.push({ path, line, message });
    for (const { text, line } of proseOf(tree.text(path))) {
      checkLinks(tree, path, text, (message) => say(line, message));
      checkPaths(tree, path, text, (message) => say(line, message));
    }
  }
  return [...offences, ...checkCodeMap(tree), ...checkIndex(tree)];
}

/** The lines of a Markdown text outside its fenced blocks. */
function proseOf(markdown: string): { readonly text: string; readonly line: number }[] {
  let fenced = false;
  return markdown.split("\n").flatMap((text, index) => {
    const isFence = /^\s*(```|~~~)/.test(text);
    if (isFence) fenced = !fenced;
    return isFence || fenced ? [] : [{ text, line: index + 1 }];
  });
}

/** The fenced blocks marked with one language. */
export function blocksOf(markdown: string, language: string): { readonly text: string; readonly line: number }[] {
  const blocks: { text: string; line: number }[] = [];
  const lines = markdown.split("\n");
  for (let i = 0; i < lines.length; i += 1) {
    const mark = /^```(\S*)/.exec(lines[i] ?? "")?.[1];
    if (mark === undefined) continue;
    const start = i + 1;
    do i += 1;
    while (i < lines.length && !(lines[i] ?? "").startsWith("```"));
    if (mark === language) blocks.push({ text: `${lines.slice(start, i).join("\n")}\n`, line: start });
  }
  return blocks;
}

type Say = (message: string) => void;

function checkLinks(tree: Tree, path: string, text: string, say: Say): void {
  for (const [, target = ""] of text.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^()\s]+)\)/g)) {
    if (/^[a-z]+:/i.test(target)) continue;
    const [file = "", anchor] = target.split("#", 2);
    const found = file === "" ? path : posix.normalize(posix.join(posix.dirname(path), file)).replace(/\/$/, "");
    if (!tree.exists(found)) say(`links to ${target}, which does not exist`);
    else if (anchor !== undefined && !anchorsOf(tree.text(found)).has(anchor)) say(`links to #${anchor}, and ${found} has no such heading`);
  }
}

/** Anchors of headings, made as GitHub makes them. */
function anchorsOf(markdown: string): Set<string> {
  return new Set(
    proseOf(markdown).flatMap(({ text }) => {
      const heading = /^#+\s+(.*)$/.exec(text)?.[1];
      return heading === undefined
        ? []
        : [
            heading
              .toLowerCase()
              .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
              .replaceAll(" ", "-"),
          ];
    }),
  );
}

/** A path in backticks that begins with one of our folders must be there, from the root or beside the page; one with `*` or `<` is a pattern. */
function checkPaths(tree: Tree, page: string, text: string, say: Say): void {
  for (const [, path = ""] of text.matchAll(/`((?:packages|tests|scripts|docs|fuzz|bin|deploy|\.ci)\/[\w./-]+)`/g)) {
    const beside = posix.join(posix.dirname(page), path);
    if (![path, beside].some((place) => tree.exists(place.replace(/\/$/, "")))) say(`names ${path}, which does not exist`);
  }
}

/** Every folder of sources has its line in ARCHITECTURE.md. */
function checkCodeMap(tree: Tree): Offence[] {
  const text = tree.has("ARCHITECTURE.md") ? tree.text("ARCHITECTURE.md") : "";
  const rooms = new Set(tree.paths.flatMap((path) => /^packages\/[^/]+\/(?:src\/[^/]+(?=\/)|native(?=\/))/.exec(path)?.[0] ?? []));
  return [...rooms]
    .filter((room) => !text.includes(`\`${room}\``) && !text.includes(`\`${room}/\``))
    .map((room) => ({ path: "ARCHITECTURE.md", line: 1, message: `the code map does not name \`${room}\`` }));
}

function checkIndex(tree: Tree): Offence[] {
  const index = "docs/README.md";
  const pages = tree.paths.filter((path) => path.startsWith("docs/") && path.endsWith(".md") && path !== index);
  const text = tree.has(index) ? tree.text(index) : "";
  return pages
    .filter((page) => !text.includes(`(${posix.relative("docs", page)}`))
    .map((page) => ({ path: index, line: 1, message: `does not link to ${page}` }));
}
