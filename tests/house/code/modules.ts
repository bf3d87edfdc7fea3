import type { Token } from "./tokens.ts";

export interface ImportSite {
  /** What is imported from; undefined when the program computes it. */
  readonly from: string | undefined;
  readonly line: number;
  readonly how: "import" | "type" | "dynamic" | "re-export";
  /** The exporting side's names; "*" for all. */
  readonly names: readonly string[];
}

export interface ExportSite {
  readonly name: string;
  readonly line: number;
  readonly isType: boolean;
  /** Set where the name, or all names ("*"), are passed on from another file. */
  readonly from: { readonly file: string; readonly name: string } | undefined;
}

export interface Module {
  readonly imports: readonly ImportSite[];
  readonly exports: readonly ExportSite[];
}

/** Reads import and export statements out of tokens. */
export function readModule(tokens: readonly Token[]): Module {
  const imports: ImportSite[] = [];
  const exports: ExportSite[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "word" || isPunct(tokens[at - 1], ".") || isPunct(tokens[at - 1], "?.")) continue;
    if (token.text === "import") readImport(tokens, at, imports);
    if (token.text === "export" && !isPunct(tokens[at + 1], ":")) readExport(tokens, at, imports, exports);
  }
  return { imports, exports };
}

function readImport(tokens: readonly Token[], at: number, imports: ImportSite[]): void {
  const line = tokens[at]?.line ?? 0;
  const next = tokens[at + 1];
  if (next === undefined || isPunct(next, ".") || isPunct(next, ":")) return;
  if (next.kind === "string") imports.push({ from: next.text, line, how: "import", names: [] });
  else if (isPunct(next, "(")) {
    const from = tokens[at + 2];
    imports.push({ from: from?.kind === "string" ? from.text : undefined, line, how: "dynamic", names: ["*"] });
  } else {
    const isType = isWord(next, "type") && !isWord(tokens[at + 2], "from");
    const names: string[] = [];
    let i = at + (isType ? 2 : 1);
    for (; i < tokens.length && !(isWord(tokens[i], "from") && tokens[i + 1]?.kind === "string"); i += 1) {
      if (isPunct(tokens[i], "*")) names.push("*");
      else if (isPunct(tokens[i], "{")) i = readNames(tokens, i, (name) => names.push(name.local));
    }
    imports.push({ from: tokens[i + 1]?.text, line, how: isType ? "type" : "import", names });
  }
}

interface Named {
  readonly local: string;
  readonly outer: string;
  readonly isType: boolean;
  readonly line: number;
}

/** Reads `{ a, b as c, type d }` from its "{"; answers where its "}" stands. */
function readNames(tokens: readonly Token[], open: number, take: (name: Named) => void): number {
  let words: Token[] = [];
  const flush = (): void => {
    const isType = words.length > 1 && isWord(words[0], "type") && !isWord(words[1], "as");
    const [local, , outer] = isType ? words.slice(1) : words;
    if (local !== undefined) take({ local: local.text, outer: outer?.text ?? local.text, isType, line: local.line });
    words = [];
  };
  let i = open + 1;
  for (; i < tokens.length && !isPunct(tokens[i], "}"); i += 1) {
    const token = tokens[i];
    if (isPunct(token, ",")) flush();
    else if (token !== undefined) words.push(token);
  }
  flush();
  return i;
}

const declaring = new Set(["const", "let", "var", "function", "class", "interface", "type", "enum", "namespace"]);

function readExport(tokens: readonly Token[], at: number, imports: ImportSite[], exports: ExportSite[]): void {
  let i = at + 1;
  const isTypeList = isWord(tokens[i], "type") && (isPunct(tokens[i + 1], "{") || isPunct(tokens[i + 1], "*"));
  if (isTypeList) i += 1;
  const line = tokens[at]?.line ?? 0;
  if (isPunct(tokens[i], "*")) {
    const renamed = isWord(tokens[i + 1], "as") ? tokens[i + 2] : undefined;
    const file = tokens[i + (renamed === undefined ? 2 : 4)]?.text ?? "";
    imports.push({ from: file, line, how: "re-export", names: renamed === undefined ? [] : ["*"] });
    exports.push({ name: renamed?.text ?? "*", line, isType: isTypeList, from: { file, name: "*" } });
  } else if (isPunct(tokens[i], "{")) {
    const names: Named[] = [];
    const close = readNames(tokens, i, (name) => names.push(name));
    const file = isWord(tokens[close + 1], "from") ? tokens[close + 2]?.text : undefined;
    if (file !== undefined) imports.push({ from: file, line, how: "re-export", names: names.map((name) => name.local) });
    for (const name of names) {
      const from = file === undefined ? undefined : { file, name: name.local };
      exports.push({ name: name.outer, line: name.line, isType: isTypeList || name.isType, from });
    }
  } else if (isWord(tokens[i], "default")) {
    exports.push({ name: "default", line, isType: false, from: undefined });
  } else {
    readDeclaration(tokens, i, line, exports);
  }
}

function readDeclaration(tokens: readonly Token[], start: number, line: number, exports: ExportSite[]): void {
  let i = start;
  while (["declare", "abstract", "async"].some((prefix) => isWord(tokens[i], prefix))) i += 1;
  const keyword = tokens[i];
  if (keyword?.kind !== "word" || !declaring.has(keyword.text)) return;
  const isType = keyword.text === "interface" || keyword.text === "type";
  i += 1;
  // `const enum E`, `function* f`.
  if (isWord(tokens[i], "enum") || isPunct(tokens[i], "*")) i += 1;
  if (isPunct(tokens[i], "{")) readNames(tokens, i, (name) => exports.push({ name: name.outer, line: name.line, isType, from: undefined }));
  else if (tokens[i]?.kind === "word") exports.push({ name: tokens[i]?.text ?? "", line, isType, from: undefined });
}

export function isPunct(token: Token | undefined, text: string): boolean {
  return token?.kind === "punct" && token.text === text;
}

export function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === "word" && token.text === text;
}
