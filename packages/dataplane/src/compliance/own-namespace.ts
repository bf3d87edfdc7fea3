import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const mark = "TOMBOLO_TEST_NAMESPACE";

/** True in the process that `runInNamespace` made: its network is its own, and ends with it. */
export function isInNamespace(): boolean {
  return process.env[mark] !== undefined;
}

/** Runs a test file again in a network namespace of its own, and shows each of its tests as one of this process's. */
export function runInNamespace(file: string): void {
  test("in a network namespace of its own", async (t) => {
    const obstacle = findObstacle();
    if (obstacle !== undefined) {
      t.diagnostic(`cannot be run here: ${obstacle}`);
      return;
    }
    const { results, output, code } = await runChild(fileURLToPath(file));
    for (const { name, isPassed, details } of results) await t.test(name, () => assert.ok(isPassed, details));
    assert.ok(results.length > 0, `no test was run\n${output}`);
    assert.equal(code, results.every((result) => result.isPassed) ? 0 : 1, output);
  });
}

function findObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can make namespaces and TUN devices";
  return existsSync("/dev/net/tun") ? undefined : "there is no /dev/net/tun";
}

interface ChildResult {
  readonly name: string;
  readonly isPassed: boolean;
  readonly details: string;
}

async function runChild(file: string): Promise<{ results: ChildResult[]; output: string; code: number | null }> {
  const args = ["-n", "--", process.execPath, "--conditions=source", "--test-reporter=tap", file];
  // The runner tells its children by NODE_TEST_CONTEXT to speak its own format.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn("unshare", args, { stdio: ["ignore", "pipe", "pipe"], env: { ...env, [mark]: "1" } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  // A test that is stopped must not leave its namespace, whose life is this process's.
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  process.off("exit", end);
  return { results: parseTap(output), output, code };
}

/** The tests of the outermost level, each with the lines that follow it. */
function parseTap(output: string): ChildResult[] {
  const results: { name: string; isPassed: boolean; details: string }[] = [];
  for (const line of output.split("\n")) {
    const found = /^(ok|not ok) \d+ - (.*?)(?: # .*)?$/.exec(line);
    if (found !== null) results.push({ name: found[2] ?? "", isPassed: found[1] === "ok", details: "" });
    else if (results.at(-1)?.isPassed === false) appendTo(results.at(-1), line);
  }
  return results;
}

function appendTo(result: { details: string } | undefined, line: string): void {
  if (result !== undefined) result.details += `${line}\n`;
}
