import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "./code/tree.ts";

/** Lints a text with the project's own settings; answers the names of the rules that it breaks. */
async function lint(text: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "tombolo-lint-"));
  try {
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { strict: true, target: "es2024" }, include: ["*.ts"] }),
    );
    writeFileSync(join(folder, "sample.ts"), text);
    const args = ["--type-aware", "--format=json", "-c", join(projectRoot, ".oxlintrc.json"), folder];
    const output = await new Promise<string>((resolve) => {
      execFile(join(projectRoot, "node_modules/.bin/oxlint"), args, (_error, stdout) => resolve(stdout));
    });
    const report = JSON.parse(output) as { diagnostics: { code: string }[] };
    return report.diagnostics.map((diagnostic) => /\(([^)]+)\)/.exec(diagnostic.code)?.[1] ?? diagnostic.code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the linter sees types: a promise left alone, an unsafe any, a switch with a hole", async () => {
  const rules = await lint(`
    async function f(): Promise<number> { return await Promise.resolve(1); }
    export function g(): void { f(); }
    export function h(text: string): string { const value = JSON.parse(text); return value.name; }
    export function i(kind: "a" | "b"): void { switch (kind) { case "a": break; } }
    export function j(value: any): void { void value; }
    export async function k(): Promise<void> { await 1; }
  `);
  for (const rule of [
    "no-floating-promises",
    "no-unsafe-assignment",
    "no-unsafe-member-access",
    "no-unsafe-return",
    "switch-exhaustiveness-check",
    "no-explicit-any",
    "await-thenable",
  ]) {
    assert.ok(rules.includes(rule), `${rule} was not found among: ${rules.join(", ")}`);
  }
});

test("the linter passes plain good code", async () => {
  assert.deepEqual(await lint("export function f(values: readonly number[]): number {\n  return values.length;\n}\n"), []);
});
