import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTranscript } from "./transcript.ts";

const page = (steps: string): string =>
  `# Title\n\nOrigin: hand-made\n\n- name: value\n\n\`\`\`transcript\n${steps}\n\`\`\`\n\n\`\`\`events\none\n\`\`\`\n`;

test("a page gives its title, settings, steps and events", () => {
  const read = parseTranscript(page("S: 200 ok\nC:\nTLS begins\nwait 15\nC closes\nS closes"));
  assert.equal(read.title, "Title");
  assert.equal(read.settings.get("name"), "value");
  assert.deepEqual(read.steps, [
    { kind: "server", line: "200 ok" },
    { kind: "client", line: "" },
    { kind: "tls-begins" },
    { kind: "wait", durationMs: 15 },
    { kind: "client-closes" },
    { kind: "server-closes" },
  ]);
  assert.deepEqual(read.events, ["one"]);
});

test("a page without title, origin or blocks, or with an odd line, is a mistake", () => {
  assert.throws(() => parseTranscript(page("X: what")), /not a step/);
  assert.throws(() => parseTranscript(page("C: x").replace("Origin", "From")), /origin/);
  assert.throws(() => parseTranscript(page("C: x").replace("```events", "```others")), /block "events"/);
});
