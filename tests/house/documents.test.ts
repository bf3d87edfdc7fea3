import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCommands, npmScriptsOf } from "./commands.ts";
import { assertNone, formatOffences, readProject, treeOf } from "./code/tree.ts";
import { blocksOf, checkDocuments } from "./documents.ts";

function offencesOf(files: Readonly<Record<string, string>>): string {
  const tree = treeOf({ "package.json": `{"scripts": {"test": "x", "demo": "y"}}`, ...files });
  return formatOffences([...checkDocuments(tree), ...checkCommands(tree)]);
}

test("links, named paths and the code map hold", () => {
  assertNone(checkDocuments(readProject()));
});

test("commands that a reader copies parse and name what is there", () => {
  assertNone(checkCommands(readProject()));
});

test("the documents that every project needs are there", () => {
  const tree = readProject();
  for (const path of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "docs/README.md"]) {
    assert.ok(tree.has(path), `${path} is missing`);
  }
});

test("CI runs the test command that README gives, and README gives the two commands", () => {
  const tree = readProject();
  const commands = blocksOf(tree.text("README.md"), "sh").flatMap((block) => block.text.split("\n"));
  assert.ok(commands.includes("npm ci && npm run demo"), "README has no line `npm ci && npm run demo`");
  assert.ok(commands.includes("npm ci && npm test"), "README has no line `npm ci && npm test`");
  assert.ok(tree.text(".ci/run").includes("npm ci && npm test"));
});

test("the changelog tells of the version that package.json has", () => {
  const tree = readProject();
  const { version } = JSON.parse(tree.text("package.json")) as { version: string };
  assert.match(
    tree.text("CHANGELOG.md"),
    new RegExp(`^## \\[${version.replaceAll(".", "\\.")}\\] - (unreleased|\\d{4}-\\d\\d-\\d\\d)$`, "m"),
  );
});

test("broken links, headings and paths are caught", () => {
  assert.match(offencesOf({ "README.md": "[a](b.md)" }), /links to b\.md, which does not exist/);
  assert.match(offencesOf({ "README.md": "[a](#c)\n# D" }), /no such heading/);
  assert.match(offencesOf({ "README.md": "see `packages/x/src/y.ts`" }), /names packages\/x\/src\/y\.ts/);
  assert.match(offencesOf({ "docs/README.md": "", "docs/a.md": "" }), /does not link to docs\/a\.md/);
  assert.match(offencesOf({ "packages/x/src/y/z.ts": "" }), /the code map does not name `packages\/x\/src\/y`/);
  const good = "[a](#c-d) [b](docs/) [c](https://example.net/) `packages/*/src` `[x](y)`\n\n```text\n[x](y)\n```\n# C d!";
  assert.equal(offencesOf({ "README.md": good, "docs/README.md": "" }), "");
});

test("commands that do not parse, and scripts that are not there, are caught", () => {
  const block = (text: string): string => offencesOf({ "README.md": `\`\`\`sh\n${text}\n\`\`\`` });
  assert.match(block("if true"), /no shell/);
  assert.match(block("npm run bench"), /no script "bench"/);
  assert.match(block("bin/tombolo up"), /bin\/tombolo does not exist/);
  assert.equal(block("npm ci && npm test && npm run demo"), "");
  assert.deepEqual(npmScriptsOf("npm start; npm run format:check -- x"), ["start", "format:check"]);
});
