import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeSeededRandom } from "@tombolo/base";
import { askControl } from "./client.ts";
import { decodeAnswer, decodeRequest, encodeLine } from "./messages.ts";
import { openControlServer } from "./server.ts";

test("a request is answered, on a socket that is its owner's alone and gone after close", async (t) => {
  const path = makePath(t);
  // What a killed instance leaves behind.
  writeFileSync(path, "");
  const server = await openControlServer(path, (request) =>
    request.command === "down" ? { version: 1, stopping: true, pid: 7 } : { version: 1, error: "no" },
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(await askControl(path, { command: "down" }), { ok: true, value: { version: 1, stopping: true, pid: 7 } });
  await server.close();
  assert.equal(existsSync(path), false);
  assert.deepEqual(await askControl(path, { command: "down" }), { ok: false, reason: { kind: "absent" } });
});

test("hostile requests are answered with a reason, and the server goes on", async (t) => {
  const path = makePath(t);
  const server = await openControlServer(path, () => ({ version: 1, stopping: true, pid: 7 }));
  t.after(() => server.close());
  for (const [text, reason] of [
    ["nonsense\n", "not-json"],
    ['{"command":"format"}\n', "unknown-command"],
    ["x".repeat(10_000), "too-long"],
  ] as const) {
    assert.deepEqual(decodeAnswer(await exchange(path, text)), { version: 1, error: reason });
  }
  assert.ok((await askControl(path, { command: "status" })).ok);
});

test("requests: random bytes and every cut give a request or a reason, never a throw", () => {
  const random = makeSeededRandom(5);
  for (let round = 0; round < 2000; round += 1) decodeRequest(random(round % 300));
  const line = Buffer.from(encodeLine({ command: "status" }).trimEnd());
  for (let length = 0; length < line.length; length += 1) assert.equal(decodeRequest(line.subarray(0, length)).ok, false);
  assert.deepEqual(decodeRequest(line), { ok: true, value: { command: "status" } });
});

test("an answer of another version, or of no known shape, is refused", () => {
  for (const text of ["", "[]", "null", '{"version":2,"error":"x"}', '{"version":1}', '{"version":1,"stopping":true}']) {
    assert.equal(decodeAnswer(text), undefined, text);
  }
});

test("a file that is no socket counts as nobody there", async (t) => {
  const path = makePath(t);
  writeFileSync(path, "");
  assert.deepEqual(await askControl(path, { command: "status" }), { ok: false, reason: { kind: "absent" } });
});

function makePath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "tombolo-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "tmb0.sock");
}

function exchange(path: string, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect(path, () => socket.write(text));
  socket.on("data", (bytes) => (answer += bytes.toString()));
  socket.on("close", () => resolve(answer));
  socket.on("error", reject);
  return promise;
}
