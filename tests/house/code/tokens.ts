/**
 * A tokenizer of TypeScript, just good enough for the rules of this folder: it never mistakes a comment, string, template or
 * regular expression for code. TypeScript 7 has no stable API to ask instead.
 */
export interface Token {
  readonly kind: "word" | "number" | "string" | "template" | "regex" | "punct";
  /** As written; of strings and templates what stands between the quotes. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

export interface Scan {
  readonly tokens: readonly Token[];
  readonly comments: readonly { readonly text: string; readonly line: number }[];
}

const space = /\s+/y;
const comment = /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/y;
const word = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const number = /(?:0[xob][\da-f_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:e[+-]?\d+)?)n?/iy;
const string = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;
const template = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;
const regex = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const punct = /=>|\.\.\.|\?\.(?!\d)|[^]/y;

/** After these words a "/" begins a regular expression. */
const beforeRegex = new Set(["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await", "yield"]);

export function scan(text: string): Scan {
  const tokens: Token[] = [];
  const comments: { text: string; line: number }[] = [];
  // One entry per open "{" or "${": true where "}" goes back into a template.
  const open: boolean[] = [];
  let at = 0;
  let line = 1;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined || found === "") return undefined;
    at += found.length;
    return found;
  };
  const push = (kind: Token["kind"], found: string, body: string = found): void => {
    tokens.push({ kind, text: body, line });
    line += newlinesIn(found);
  };
  const takeTemplate = (): void => {
    const chunk = take(template) ?? "";
    push("template", chunk);
    if (text[at] === "`") at += 1;
    else if (text.startsWith("${", at)) {
      at += 2;
      open.push(true);
      push("punct", "${");
    }
  };
  while (at < text.length) {
    let found: string | undefined;
    if ((found = take(space)) !== undefined) line += newlinesIn(found);
    else if ((found = take(comment)) !== undefined) {
      comments.push({ text: found, line });
      line += newlinesIn(found);
    } else if ((found = take(string)) !== undefined) push("string", found, found.slice(1, -1));
    else if ((found = take(word)) !== undefined) push("word", found);
    else if ((found = take(number)) !== undefined) push("number", found);
    else if (text[at] === "/" && mayBeginRegex(tokens.at(-1)) && (found = take(regex)) !== undefined) push("regex", found);
    else if (text[at] === "`") {
      at += 1;
      takeTemplate();
    } else {
      found = take(punct) ?? "";
      push("punct", found);
      if (found === "{") open.push(false);
      if (found === "}" && open.pop() === true) takeTemplate();
    }
  }
  return { tokens, comments };
}

function mayBeginRegex(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === "word") return beforeRegex.has(previous.text);
  return previous.kind === "punct" && !")]}".includes(previous.text);
}

function newlinesIn(text: string): number {
  return text.split("\n").length - 1;
}
