import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { makeSeededRandom } from "@tombolo/base";
import { until } from "../../test/by-hand.ts";
import { askPop, followTrace } from "./client.ts";
import { decodePopRequest, encodePopLine, type DecisionReport, type TraceLine } from "./messages.ts";
import { openPopControl, type PopInspector } from "./server.ts";

const decision: DecisionReport = {
  at: 1,
  direction: "in",
  decision: "dropped",
  reason: "clock-off",
  source: "192.0.2.9:7",
  length: 44,
  summary: "beat",
};

/** Answers everything with an error, but traces tunnel 1. */
class PlayedInspector implements PopInspector {
  take: ((line: TraceLine) => void) | undefined;
  stopped = 0;

  answer(request: Parameters<PopInspector["answer"]>[0]): ReturnType<PopInspector["answer"]> {
    return request.command === "trace" && request.tunnel === 1
      ? { version: 1, tracing: request.seconds }
      : { version: 1, error: "tunnel-unknown" };
  }

  trace(_tunnel: number, _seconds: number, take: (line: TraceLine) => void): () => void {
    this.take = take;
    take({ decision });
    return () => void (this.stopped += 1);
  }
}

async function makeWorld(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "tombolo-pop-"));
  const path = join(folder, "control.sock");
  // What a killed PoP leaves behind.
  writeFileSync(path, "");
  const inspector = new PlayedInspector();
  const server = await openPopControl(path, inspector);
  t.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  return { path, inspector, server };
}

test("the socket is its owner's alone, answers, and is gone after close", async (t) => {
  const { path, server } = await makeWorld(t);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(await askPop(path, { command: "show", tunnel: 7 }), { ok: true, value: { version: 1, error: "tunnel-unknown" } });
  await server.close();
  assert.equal(existsSync(path), false);
  assert.deepEqual(await askPop(path, { command: "totals" }), { ok: false, reason: { kind: "absent" } });
});

test("a trace brings its decisions as they come, and says why it ended", async (t) => {
  const { path, inspector } = await makeWorld(t);
  const lines: TraceLine[] = [];
  const take = (line: TraceLine): void => {
    lines.push(line);
    if ("decision" in line) inspector.take?.({ end: "time" });
  };
  const answer = await followTrace(path, { command: "trace", tunnel: 1, seconds: 9 }, { take, stop: new AbortController().signal });
  assert.deepEqual(answer, { ok: true, value: { version: 1, tracing: 9 } });
  assert.deepEqual(lines, [{ decision }, { end: "time" }]);
});

test("a trace that nobody reads any more is taken back", async (t) => {
  const { path, inspector } = await makeWorld(t);
  const stop = new AbortController();
  const follow = { take: () => stop.abort(), stop: stop.signal };
  await followTrace(path, { command: "trace", tunnel: 1, seconds: 9 }, follow);
  await until(() => inspector.stopped === 1, "the trace is taken back");
});

test("hostile requests are answered with a reason", async (t) => {
  const { path } = await makeWorld(t);
  for (const [text, error] of [
    ["nonsense\n", "not-json"],
    ['{"command":"format"}\n', "command-unknown"],
    ['{"command":"show","tunnel":"T1"}\n', "tunnel-malformed"],
    ['{"command":"trace","tunnel":1,"seconds":86400}\n', "seconds-malformed"],
    ["x".repeat(10_000), "too-long"],
  ] as const)
    assert.equal(await exchange(path, text), encodePopLine({ version: 1, error }));
});

test("random bytes and every cut give a request or a reason, never a throw", () => {
  const random = makeSeededRandom(5);
  for (let round = 0; round < 2000; round += 1) decodePopRequest(random(round % 300));
  const line = Buffer.from(encodePopLine({ command: "trace", tunnel: 1, seconds: 9 }).trimEnd());
  for (let length = 0; length < line.length; length += 1) assert.equal(decodePopRequest(line.subarray(0, length)).ok, false);
  assert.deepEqual(decodePopRequest(line), { ok: true, value: { command: "trace", tunnel: 1, seconds: 9 } });
});

function exchange(path: string, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect(path, () => socket.write(text));
  socket.on("data", (bytes) => (answer += bytes.toString()));
  socket.on("close", () => resolve(answer));
  socket.on("error", reject);
  return promise;
}
