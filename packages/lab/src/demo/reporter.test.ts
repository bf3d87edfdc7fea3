import assert from "node:assert/strict";
import { test } from "node:test";
import { readDemoOptions } from "./options.ts";
import { makeReporter, type Screen } from "./reporter.ts";

function recordingScreen(live: boolean): Screen & { text: string } {
  const screen = {
    live,
    text: "",
    write: (more: string) => {
      screen.text += more;
    },
  };
  return screen;
}

test("a step that succeeds is ticked with its proof, without colour when nobody looks", async () => {
  const screen = recordingScreen(false);
  let nowMs = 0;
  const reporter = makeReporter(screen, () => nowMs);
  reporter.chapter("The network");
  const result = await reporter.step("eight machines", (tell) => {
    nowMs += 1_500;
    tell("ping: unreachable");
    return Promise.resolve(8);
  });
  assert.equal(result, 8);
  assert.equal(screen.text, "\n1. The network\n  ✓ eight machines  1.5 s\n      ping: unreachable\n");
  assert.deepEqual(reporter.steps, [{ name: "eight machines", ok: true, seconds: 1.5, proof: ["ping: unreachable"] }]);
});

test("a step that fails is crossed with the reason, and the story stops there", async () => {
  const screen = recordingScreen(false);
  const reporter = makeReporter(screen, () => 0);
  await assert.rejects(
    reporter.step("a page", () => Promise.reject(new Error("no answer\nfor 5 s"))),
    /no answer/,
  );
  assert.match(screen.text, /✗ a page.*\n {6}no answer\n {6}for 5 s\n$/);
  assert.equal(reporter.steps[0]?.ok, false);
});

test("on a terminal the running step is shown and then overwritten", async () => {
  const screen = recordingScreen(true);
  await makeReporter(screen, () => 0).step("a page", () => Promise.resolve());
  assert.ok(screen.text.startsWith("  … a page\r\x1b[K  \x1b[32m✓"), JSON.stringify(screen.text));
});

test("words that the demo does not know are a fault", () => {
  assert.equal(readDemoOptions(["--kep"]).ok, false);
  assert.deepEqual(readDemoOptions(["--json", "--keep"]), { ok: true, value: { json: true, keep: true, help: false } });
});
