import { isPunct, isWord } from "./modules.ts";
import type { Token } from "./tokens.ts";

export interface FunctionSite {
  /** The function's own name, or that of what it is assigned to; "(anonymous)" otherwise. */
  readonly name: string;
  readonly line: number;
  /** From the line of its name to that of its closing brace, both included, without the bodies of the functions inside it. */
  readonly lines: number;
  readonly parameters: number;
}

/** Words before "(" that are followed by a block but make no function. */
const control = new Set(["if", "for", "while", "switch", "catch", "with", "super", "await", "return", "typeof"]);

/** Every function, method and arrow function with a braced body, inner ones included. */
export function findFunctions(tokens: readonly Token[]): FunctionSite[] {
  const close = matchBrackets(tokens);
  const spans: Span[] = [];
  const add = (site: { name: string; first: number; parameters: number; body: number }): void => {
    const line = tokens[site.first]?.line ?? 0;
    const end = tokens[close.get(site.body) ?? tokens.length - 1]?.line ?? line;
    spans.push({ name: site.name, line, end, parameters: countParameters(tokens, site.parameters, close) });
  };
  for (const [at, token] of tokens.entries()) {
    if (token.kind === "punct" && token.text === "=>" && isPunct(tokens[at + 1], "{")) {
      const first = arrowStart(tokens, at, close);
      add({ name: assignedName(tokens, first), first, parameters: first, body: at + 1 });
    }
    if (!isPunct(token, "(")) continue;
    const head = headOf(tokens, at);
    if (head === undefined) continue;
    const body = bodyAfter(tokens, (close.get(at) ?? at) + 1, close);
    if (body !== undefined) add({ ...head, parameters: at, body });
  }
  return spans.map((span) => ({ name: span.name, line: span.line, lines: ownLines(span, spans), parameters: span.parameters }));
}

interface Span {
  readonly name: string;
  readonly line: number;
  readonly end: number;
  readonly parameters: number;
}

/** A factory that returns an object of methods is as long as its own statements; each method is measured by itself. */
function ownLines(span: Span, spans: readonly Span[]): number {
  const inner = new Set<number>();
  for (const other of spans) {
    const isInside = other !== span && other.line >= span.line && other.end <= span.end && other.end - other.line < span.end - span.line;
    if (isInside) for (let line = other.line + 1; line <= other.end; line += 1) inner.add(line);
  }
  return span.end - span.line + 1 - inner.size;
}

/** For each opening bracket the place of its partner, and the other way round. */
function matchBrackets(tokens: readonly Token[]): Map<number, number> {
  const partner = new Map<number, number>();
  const open: number[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "punct") continue;
    if (["(", "[", "{", "${"].includes(token.text)) open.push(at);
    if ([")", "]", "}"].includes(token.text)) {
      const start = open.pop();
      if (start !== undefined) partner.set(start, at).set(at, start);
    }
  }
  return partner;
}

/** The parameters between "(" and its ")"; a lone name before "=>" is one. */
function countParameters(tokens: readonly Token[], paren: number, close: ReadonlyMap<number, number>): number {
  if (!isPunct(tokens[paren], "(")) return 1;
  const end = close.get(paren) ?? paren;
  let count = 0;
  let isEmpty = true;
  let angles = 0;
  for (let i = paren + 1; i < end; i += 1) {
    const token = tokens[i];
    if (isPunct(token, "<")) angles += 1;
    if (isPunct(token, ">")) angles -= 1;
    if (isPunct(token, ",") && angles === 0) {
      count += 1;
      isEmpty = true;
    } else isEmpty = false;
    if (["(", "[", "{"].includes(token?.text ?? "") && token?.kind === "punct") i = close.get(i) ?? end;
  }
  // A comma at the end opens no further parameter.
  return isEmpty ? count : count + 1;
}

/** What stands before a parameter list: `function name`, `name` or `name<T>`. */
function headOf(tokens: readonly Token[], paren: number): { name: string; first: number } | undefined {
  let i = paren - 1;
  if (isPunct(tokens[i], ">")) {
    let depth = 0;
    do {
      if (isPunct(tokens[i], ">")) depth += 1;
      if (isPunct(tokens[i], "<")) depth -= 1;
      i -= 1;
    } while (depth > 0 && i >= 0);
  }
  const token = tokens[i];
  if (isWord(token, "function") || isPunct(token, "*")) return { name: assignedName(tokens, i), first: i };
  if (isPunct(token, "]")) return { name: "(computed)", first: i };
  if (token?.kind !== "word" || control.has(token.text) || isPunct(tokens[i - 1], ".") || isWord(tokens[i - 1], "new")) return undefined;
  return { name: token.text, first: i };
}

/** Where the "{" of a body stands after a parameter list, past a return type; undefined for calls and declarations without a body. */
function bodyAfter(tokens: readonly Token[], start: number, close: ReadonlyMap<number, number>): number | undefined {
  if (isPunct(tokens[start], "{")) return start;
  if (!isPunct(tokens[start], ":")) return undefined;
  let endsType = false;
  for (let i = start + 1; i < tokens.length; i += 1) {
    const token = tokens[i];
    if (token === undefined) return undefined;
    if (token.kind === "punct") {
      if (token.text === "{" && endsType) return i;
      if ([";", ",", ")", "]", "}", "="].includes(token.text)) return undefined;
      if (["{", "(", "["].includes(token.text)) {
        i = close.get(i) ?? tokens.length;
        endsType = true;
      } else {
        endsType = token.text === ">";
      }
    } else {
      endsType = !["keyof", "readonly", "extends", "is", "asserts", "typeof", "infer"].includes(token.text) || token.kind !== "word";
    }
  }
  return undefined;
}

/** Where an arrow function begins: its "(" or its one parameter. */
function arrowStart(tokens: readonly Token[], arrow: number, close: ReadonlyMap<number, number>): number {
  for (let i = arrow - 1; i >= 0 && i > arrow - 60; i -= 1) {
    if (isPunct(tokens[i], ")")) {
      const open = close.get(i) ?? i;
      // `(a): Promise<void> => {`: the ")" of a return type's own brackets is not the parameter list's.
      if (i === arrow - 1 || isPunct(tokens[i + 1], ":")) return open;
      i = open;
    } else if (i === arrow - 1 && tokens[i]?.kind === "word" && !isPunct(tokens[i - 1], ":")) return i;
  }
  return arrow;
}

/** `name = …` or `name: …` before a function's first token. */
function assignedName(tokens: readonly Token[], first: number): string {
  let i = first - 1;
  if (isWord(tokens[i], "async") || isWord(tokens[i], "function")) i -= 1;
  const before = tokens[i - 1];
  return (isPunct(tokens[i], "=") || isPunct(tokens[i], ":")) && before?.kind === "word" ? before.text : "(anonymous)";
}
