import assert from "node:assert/strict";
import { test } from "node:test";
import { findFunctions } from "./functions.ts";
import { readModule } from "./modules.ts";
import { scan } from "./tokens.ts";

function words(text: string): string[] {
  return scan(text)
    .tokens.filter((token) => token.kind === "word")
    .map((token) => token.text);
}

test("comments, strings, templates and regular expressions are not code", () => {
  assert.deepEqual(words("a // b\n/* c\n d */ e"), ["a", "e"]);
  assert.deepEqual(words(`a("b \\" c", 'd', \`e \${f(\`\${g}\`)} h\`) + i`), ["a", "f", "g", "i"]);
  assert.deepEqual(words("x = /a\\/[/]b/gu.test(y); z = c / d / e"), ["x", "test", "y", "z", "c", "d", "e"]);
  assert.deepEqual(words("return /import/; 0x1fn + 1_000.5e3"), ["return"]);
});

test("lines are counted through every kind of token", () => {
  const { tokens, comments } = scan("a\n`1\n${b}\n2`\n/* x\n */ c // d");
  assert.deepEqual(
    tokens.filter((token) => token.kind === "word").map((token) => [token.text, token.line]),
    [
      ["a", 1],
      ["b", 3],
      ["c", 6],
    ],
  );
  assert.deepEqual(
    comments.map((comment) => comment.line),
    [5, 6],
  );
});

test("every form of import is read", () => {
  const text = `
    import "./a.ts";
    import b, { c as d, type E } from "./b.ts";
    import type { F } from "./f.ts";
    import * as g from "g";
    export { h, i as j } from "./h.ts";
    export * from "./k.ts";
    export type { L } from "./l.ts";
    const m = await import("./m.ts");
    type N = import("./n.ts").N;
    const o = import(p); import.meta.url; q.import("./r.ts"); // import "./s.ts"
  `;
  const { imports } = readModule(scan(text).tokens);
  assert.deepEqual(
    imports.map((site) => [site.from, site.how, site.names]),
    [
      ["./a.ts", "import", []],
      ["./b.ts", "import", ["c", "E"]],
      ["./f.ts", "type", ["F"]],
      ["g", "import", ["*"]],
      ["./h.ts", "re-export", ["h", "i"]],
      ["./k.ts", "re-export", []],
      ["./l.ts", "re-export", ["L"]],
      ["./m.ts", "dynamic", ["*"]],
      ["./n.ts", "dynamic", ["*"]],
      [undefined, "dynamic", ["*"]],
    ],
  );
});

test("every form of export is read", () => {
  const text = `
    export const a = 1; export async function* b() {} export abstract class C {} export interface D {} export type E = 1;
    export { f, g as h }; export { i as j } from "./i.ts"; export * from "./k.ts"; export default 1; export enum L { M }
    const n = { export: 1 };
  `;
  const { exports } = readModule(scan(text).tokens);
  assert.deepEqual(
    exports.map(
      (site) => `${site.name}${site.isType ? ":type" : ""}${site.from === undefined ? "" : `<${site.from.file}#${site.from.name}`}`,
    ),
    ["a", "b", "C", "D:type", "E:type", "f", "h", "j<./i.ts#i", "*<./k.ts#*", "default", "L"],
  );
});

test("functions of every form are found with their lengths, and control statements are not", () => {
  const text = `function a(x: { y: 1 }): { z: 1 } | undefined {
      if (x) { return; }
      for (const i of []) { call(i); }
    }
    const b = async (x: number): Promise<Array<{ y: 1 }>> => {
      while (true) { break; }
    };
    class C { d<T>(x: T): x is T { return true; } get e(): string { return "}"; } static { init(); } }
    test("f", () => { return { g() { return 1; } }; });
    function h(x: 1): 2; declare function i(): void;
    switch (a(1)) { case a(2): { break; } }
    const j = x => { return x; };
  `;
  const found = findFunctions(scan(text).tokens).map((site) => `${site.name}:${site.line}+${site.lines}`);
  assert.deepEqual(found.toSorted(), ["(anonymous):9+1", "a:1+4", "b:5+3", "d:8+1", "e:8+1", "g:9+1", "j:12+1"]);
});

test("parameters are counted, whatever they hold", () => {
  const counts = (text: string): number[] => findFunctions(scan(text).tokens).map((site) => site.parameters);
  assert.deepEqual(counts("function f() {} function g(a: Map<string, number>, { b, c }: { b: 1; c: 2 }, d = [1, 2],) {}"), [0, 3]);
  assert.deepEqual(counts("const h = (a: (b: 1, c: 2) => void, d: 3) => {}; x.map(i => { return i; });"), [2, 1]);
});

test("a function is as long as its own statements, without the functions inside", () => {
  const text = "function make() {\n  return {\n    a() {\n      x();\n      y();\n    },\n    b: () => {\n      z();\n    },\n  };\n}\n";
  assert.deepEqual(
    findFunctions(scan(text).tokens).map((site) => [site.name, site.lines]),
    [
      ["make", 6],
      ["a", 4],
      ["b", 3],
    ],
  );
});
