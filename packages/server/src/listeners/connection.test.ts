import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import test, { type TestContext } from "node:test";
import type { SessionEffect, SessionInput } from "@tombolo/protocols";
import { afterMs } from "@tombolo/base";
import { TestClient, until } from "../../test/world.ts";
import { systemMonotonic, systemTimers } from "../platform/clocks.ts";
import { Connection, type LineSession } from "./connection.ts";
import { makeWheel } from "./wheel.ts";

type Input = SessionInput<string>;
type Effect = SessionEffect<string, string>;

/** Serves one connection with a session that the test scripts. */
async function serve(
  t: TestContext,
  react: (input: Input, nowMs: ReturnType<typeof systemMonotonic.nowMs>) => readonly Effect[],
  answer: (question: string) => Promise<string> = (question) => Promise.resolve(question),
) {
  const inputs: Input[] = [];
  const notes: string[] = [];
  const failures: string[] = [];
  const session: LineSession<undefined, string, string, string> = {
    first: undefined,
    step: (_state, input, nowMs) => {
      inputs.push(input);
      return { state: undefined, effects: react(input, nowMs) };
    },
    answer,
    note: (note) => void notes.push(note),
  };
  const wheel = makeWheel(systemMonotonic, systemTimers);
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    new Connection(session, { socket, clock: systemMonotonic, wheel, failed: (reason) => void failures.push(reason) }).start();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const client = new TestClient(address.port);
  t.after(() => {
    client.destroy();
    server.close();
  });
  return { client, inputs, notes, failures, kinds: () => inputs.map((input) => input.kind) };
}

const say = (text: string, pauseMs?: number): Effect => ({
  kind: "send",
  bytes: new TextEncoder().encode(text),
  ...(pauseMs !== undefined && { pauseMs }),
});

test("effects run in their order, and a close sends what was said before with FIN", async (t) => {
  const { client, notes } = await serve(t, (input) =>
    input.kind === "start" ? [say("a"), { kind: "note", note: "n" }, say("b"), { kind: "close" }] : [],
  );
  assert.equal(await client.closed(), "fin");
  assert.equal(client.text, "ab");
  assert.deepEqual(notes, ["n"]);
});

test("paced pieces arrive apart, in order, and before the close that follows them", async (t) => {
  const { client } = await serve(t, (input) => (input.kind === "start" ? [say("1", 50), say("2", 50), say("3"), { kind: "close" }] : []));
  const pieces: string[] = [];
  client.socket.on("data", (piece: string) => void pieces.push(piece));
  assert.equal(await client.closed(), "fin");
  assert.deepEqual(pieces, ["1", "2", "3"]);
});

test("nothing is read while a question is open", async (t) => {
  let release = (_answer: string): void => {};
  const { client, kinds } = await serve(
    t,
    (input) => {
      if (input.kind === "bytes") return [{ kind: "ask", question: "q" }];
      return input.kind === "answer" ? [say(`${input.answer}\n`)] : [];
    },
    () => new Promise((resolve) => (release = resolve)),
  );
  client.send("first");
  await until(() => kinds().length === 2, "the question");
  client.send("second");
  for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(kinds(), ["start", "bytes"]);
  release("one");
  await client.linesToBe(1);
  await until(() => kinds().length === 4, "the second question");
  assert.deepEqual(kinds(), ["start", "bytes", "answer", "bytes"]);
});

test("a question that is open when the peer closes its side is still answered", async (t) => {
  let release = (_answer: string): void => {};
  const { client, kinds } = await serve(
    t,
    (input) => {
      if (input.kind === "bytes") return [{ kind: "ask", question: "q" }];
      return input.kind === "answer" ? [say(input.answer)] : [];
    },
    () => new Promise((resolve) => (release = resolve)),
  );
  client.socket.end("x");
  await until(() => kinds().length === 2, "the question");
  release("late");
  assert.equal(await client.closed(), "fin");
  assert.equal(client.text, "late");
  assert.deepEqual(kinds(), ["start", "bytes", "answer", "closed"]);
});

test("a deadline is an input, and the last one set counts", async (t) => {
  const { client, kinds } = await serve(t, (input, nowMs) => {
    if (input.kind === "start")
      return [
        { kind: "deadline", at: afterMs(nowMs, 600_000) },
        { kind: "deadline", at: afterMs(nowMs, 1) },
      ];
    return input.kind === "deadline" ? [say("late"), { kind: "close" }] : [];
  });
  assert.equal(await client.closed(), "fin");
  assert.deepEqual(kinds(), ["start", "deadline"]);
});

test("a bug of ours ends that session and is loud", async (t) => {
  const thrown = await serve(t, (input) => {
    if (input.kind === "bytes") throw new Error("broken step");
    return [];
  });
  thrown.client.send("x");
  await thrown.client.closed();
  assert.deepEqual(thrown.failures, ["broken step"]);
  const rejected = await serve(
    t,
    (input) => (input.kind === "start" ? [{ kind: "ask", question: "q" }] : []),
    () => Promise.reject(new Error("broken answer")),
  );
  await rejected.client.closed();
  assert.deepEqual(rejected.failures, ["broken answer"]);
});

test("a peer that reads nothing costs a bounded amount of memory", async (t) => {
  const { client, kinds } = await serve(t, (input) => (input.kind === "bytes" ? [say("x".repeat(100_000))] : []));
  client.socket.pause();
  const asking = setInterval(() => client.socket.write("more\n"), 1);
  t.after(() => clearInterval(asking));
  await until(() => kinds().includes("closed"), "the end of the session");
  assert.ok(kinds().length < 500, `${kinds().length} inputs`);
});

test("what a peer sends after the end of its session does not turn the close into a reset", async (t) => {
  const { client, kinds } = await serve(t, (input) => (input.kind === "bytes" ? [say("bye\n"), { kind: "close" }] : []));
  client.send("quit");
  for (let i = 0; i < 20; i += 1) client.send("and more, and more");
  assert.equal(await client.closed(), "fin");
  assert.equal(client.text, "bye\n");
  assert.equal(kinds().filter((kind) => kind === "bytes").length, 1);
});
