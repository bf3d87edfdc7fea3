import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { brokerErrorCodes, BrokerError, type Broker } from "@tombolo/broker";
import { formatIpv4, makeIpv4 } from "@tombolo/base";
import { furnish, makeTestLog, openTestBroker, until, type Furnished, type TestBroker, type TestLog } from "../../test/world.ts";
import { systemTimers } from "../platform/clocks.ts";
import { makeHttpApp, type HttpApp } from "./app.ts";
import { makePopAuth } from "./pop-auth.ts";
import { problemOf } from "./problems.ts";
import { openHttpServer, type HttpServer } from "./server.ts";

interface World extends TestBroker, TestLog {
  readonly app: HttpApp;
  readonly furnished: Furnished;
  readonly closing: AbortController;
}

async function openWorld(t: TestContext, changes: Partial<Broker> = {}): Promise<World> {
  const { broker, store } = await openTestBroker(t);
  const furnished = await furnish(broker);
  const journal = makeTestLog();
  const closing = new AbortController();
  t.after(() => closing.abort());
  const seen = { ...broker, ...changes };
  const app = makeHttpApp({
    broker: seen,
    auth: makePopAuth(seen, { pop: "nlams01", token: "local-token-of-this-process" }),
    timers: systemTimers,
    log: journal.log,
    closing: closing.signal,
  });
  return { ...journal, broker, store, furnished, app, closing };
}

function request(path: string, token?: string, init: RequestInit = {}): Request {
  return new Request(`http://broker${path}`, { ...init, ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }) });
}

/** Reads a stream's lines as they come. */
class LineReader {
  readonly lines: Record<string, unknown>[] = [];
  ended = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    assert.ok(response.body);
    this.#reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    void this.#read();
  }

  async toBe(count: number): Promise<readonly Record<string, unknown>[]> {
    await until(() => this.lines.length >= count || this.ended, `${count} lines`);
    return this.lines;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }

  async #read(): Promise<void> {
    let text = "";
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      this.lines.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
    }
    this.ended = true;
  }
}

/** A first stream of the PoP, which lives until a change. */
async function settle({ app, broker, furnished }: World): Promise<void> {
  const reader = new LineReader(await app.fetch(request("/pop/v1/state", furnished.token)));
  await reader.toBe(3);
  await broker.tunnels.setAdminState("T1001", "disabled");
  await until(() => reader.lines.some((line) => line["type"] === "change"), "the change");
  await reader.cancel();
}

test("a PoP that holds nothing gets a snapshot, then what changes", async (t) => {
  const { app, broker, furnished } = await openWorld(t);
  const response = await app.fetch(request("/pop/v1/state", furnished.token));
  assert.equal(response.headers.get("content-type"), "application/x-ndjson");
  const reader = new LineReader(response);
  const [start, tunnel, end] = await reader.toBe(3);
  assert.equal(start?.["type"], "snapshot");
  assert.deepEqual(start?.["pop"], { name: "nlams01", outerIpv4: "192.0.2.1", pools: ["2001:db8:1::/48", "2001:db8:2::/48"] });
  assert.deepEqual(tunnel, {
    type: "tunnel",
    tunnel: {
      id: "T1001",
      encapsulation: "ayiya",
      enabled: true,
      popAddress: "2001:db8:1::1",
      clientAddress: "2001:db8:1::2",
      prefix: "2001:db8:1::/64",
      delegations: ["2001:db8:2::/64"],
      mtuBytes: 1280,
      heartbeatSec: 60,
      secret: await broker.tunnels.readSecret("T1001"),
    },
  });
  assert.deepEqual(end, { type: "end", revision: start?.["revision"] });

  await broker.tunnels.setAdminState("T1001", "disabled");
  const [, , , disabled] = await reader.toBe(4);
  assert.match(JSON.stringify(disabled?.["tunnel"]), /"enabled":false/);
  assert.ok(Number(disabled?.["revision"]) > Number(start?.["revision"]));
  await broker.tunnels.remove("T1001");
  const removed = (await reader.toBe(5))[4];
  assert.equal(removed?.["removed"], "T1001");
  await reader.cancel();
});

test("a stream resumes from the revision that is held, without what is known already", async (t) => {
  const world = await openWorld(t);
  const { app, broker, furnished } = world;
  await settle(world);
  const { revision } = await broker.states.snapshot("nlams01");
  const idle = new LineReader(await app.fetch(request(`/pop/v1/state?since=${revision}`, furnished.token)));
  await broker.tunnels.add({ handle: furnished.handle, pop: "nlams01", encapsulation: "ayiya" });
  const lines = await idle.toBe(2);
  const ids = lines.flatMap((line) => (line["tunnel"] === undefined ? [] : [(line["tunnel"] as { id: string }).id]));
  assert.deepEqual(ids, ["T1002"]);
  assert.equal(lines.at(-1)?.["revision"], revision + 1);
  await idle.cancel();
  const ahead = new LineReader(await app.fetch(request(`/pop/v1/state?since=${revision + 1000}`, furnished.token)));
  assert.equal((await ahead.toBe(1))[0]?.["type"], "snapshot");
  await ahead.cancel();
});

test("of several changes at once only the last line carries the new revision, so a cut loses nothing", async (t) => {
  const world = await openWorld(t);
  const { app, broker, furnished } = world;
  await settle(world);
  const { revision } = await broker.states.snapshot("nlams01");
  for (let i = 0; i < 3; i += 1) await broker.tunnels.add({ handle: furnished.handle, pop: "nlams01", encapsulation: "ayiya" });
  const reader = new LineReader(await app.fetch(request(`/pop/v1/state?since=${revision}`, furnished.token)));
  const lines = await reader.toBe(4);
  assert.deepEqual(
    lines.map((line) => line["revision"]),
    [revision, revision, revision, revision + 3],
  );
  await reader.cancel();
});

test("a PoP's first stream of a broker process begins with a snapshot, for its revision may be of a history that a backup undid", async (t) => {
  const world = await openWorld(t);
  const { app, broker, furnished } = world;
  const first = async (): Promise<unknown> => {
    const { revision } = await broker.states.snapshot("nlams01");
    const reader = new LineReader(await app.fetch(request(`/pop/v1/state?since=${revision}`, furnished.token)));
    await broker.tunnels.add({ handle: furnished.handle, pop: "nlams01", encapsulation: "ayiya" });
    const [line] = await reader.toBe(1);
    await reader.cancel();
    return line?.["type"];
  };
  assert.equal(await first(), "snapshot");
  await settle(world);
  assert.equal(await first(), "change");
});

test("when the server closes, streams end", async (t) => {
  const { app, furnished, closing } = await openWorld(t);
  const reader = new LineReader(await app.fetch(request("/pop/v1/state", furnished.token)));
  await reader.toBe(3);
  closing.abort();
  await until(() => reader.ended, "the end of the stream");
});

test("without the right token there is nothing to see, and a new token ends the old", async (t) => {
  const { app, broker, furnished } = await openWorld(t);
  for (const token of [undefined, "", "0".repeat(64), `${furnished.token}0`, "x y"]) {
    const response = await app.fetch(request("/pop/v1/state", token));
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("www-authenticate"), "Bearer");
    assert.equal(response.headers.get("content-type"), "application/problem+json");
  }
  assert.equal(
    (await app.fetch(request("/pop/v1/observations", "local-token-of-this-process", { method: "POST", body: '{"observations":[]}' })))
      .status,
    200,
  );
  await broker.pops.renewToken("nlams01");
  assert.equal((await app.fetch(request("/pop/v1/state", furnished.token))).status, 401);
});

test("a new token ends the stream of a PoP that is never silent, before the next change is told", async (t) => {
  const { app, broker, furnished } = await openWorld(t);
  const reader = new LineReader(await app.fetch(request("/pop/v1/state", furnished.token)));
  await reader.toBe(3);
  await broker.pops.renewToken("nlams01");
  await broker.tunnels.add({ handle: furnished.handle, pop: "nlams01", encapsulation: "ayiya" });
  await until(() => reader.ended || reader.lines.length > 3, "the end of the stream, or a fourth line");
  assert.deepEqual([reader.ended, reader.lines.length], [true, 3]);
});

test("a batch of observations is taken, and those of foreign tunnels are counted", async (t) => {
  const { app, broker, furnished } = await openWorld(t);
  const at = Math.floor(Date.parse("2026-01-01T00:00:00Z") / 1000);
  const observations = [
    { kind: "endpoint", tunnel: "T1001", ipv4: "198.51.100.7", port: 40_000, at },
    { kind: "seen", tunnel: "T1001", at },
    { kind: "counters", tunnel: "T1001", at, inPackets: 1, inBytes: 2, outPackets: 3, outBytes: 4, drops: 5 },
    { kind: "seen", tunnel: "T9999", at },
  ];
  const response = await app.fetch(
    request("/pop/v1/observations", furnished.token, { method: "POST", body: JSON.stringify({ observations }) }),
  );
  assert.deepEqual([response.status, await response.json()], [200, { taken: 3, refused: 1 }]);
  const { endpoint, lastSeenAt } = await broker.tunnels.get("T1001");
  assert.deepEqual([endpoint && formatIpv4(endpoint.ipv4), endpoint?.port, lastSeenAt], [formatIpv4(makeIpv4(0xc633_6407)), 40_000, at]);
});

test("a body that is no batch is refused with what is wrong, and a large one before it is read", async (t) => {
  const { app, furnished } = await openWorld(t);
  const post = async (body: string): Promise<{ status: number; detail: unknown }> => {
    const response = await app.fetch(request("/pop/v1/observations", furnished.token, { method: "POST", body }));
    return { status: response.status, detail: ((await response.json()) as Record<string, unknown>)["detail"] };
  };
  for (const body of [
    "",
    "[]",
    "{",
    '{"observations":5}',
    '{"observations":[{"kind":"seen","tunnel":"R1","at":1}]}',
    '{"observations":[{"kind":"gone"}]}',
  ]) {
    assert.equal((await post(body)).status, 400, body);
  }
  const wrong = { observations: [{ kind: "endpoint", tunnel: "T1001", ipv4: "1.2.3", port: 1, at: 1 }] };
  assert.equal((await post(JSON.stringify(wrong))).detail, "observations.0.ipv4: not an IPv4 address");
  const many = { observations: Array(2001).fill({ kind: "seen", tunnel: "T1001", at: 1 }) };
  assert.equal((await post(JSON.stringify(many))).status, 400);
  assert.equal((await post(" ".repeat(1_100_000))).status, 413);
});

test("a revision that is none is refused", async (t) => {
  const { app, furnished } = await openWorld(t);
  for (const since of ["-1", "x", "1e3", "9".repeat(16)]) {
    assert.equal((await app.fetch(request(`/pop/v1/state?since=${since}`, furnished.token))).status, 400, since);
  }
});

test("every refusal of the broker has its problem, and a failure of ours tells nothing", async (t) => {
  for (const code of brokerErrorCodes) {
    const problem = problemOf(new BrokerError(code, "say this"));
    assert.deepEqual([problem.type, problem.detail, problem.status >= 400], [`urn:tombolo:problem:${code}`, "say this", true]);
  }
  assert.ok(!JSON.stringify(problemOf(new Error("SELECT secret"))).includes("SELECT"));
  const { states } = await openTestBroker(t).then(({ broker }) => broker);
  const { app, furnished, events } = await openWorld(t, {
    states: { ...states, observe: () => Promise.reject(new Error("SELECT secret")) },
  });
  const response = await app.fetch(request("/pop/v1/observations", furnished.token, { method: "POST", body: '{"observations":[]}' }));
  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes("SELECT"));
  assert.ok(events.some((event) => event.event === "http.request.failed"));
});

test("what is not there is a problem too, and health needs no token", async (t) => {
  const { app } = await openWorld(t);
  assert.equal((await app.fetch(request("/healthz"))).status, 200);
  const response = await app.fetch(request("/nothing"));
  assert.deepEqual([response.status, response.headers.get("content-type")], [404, "application/problem+json"]);
});

test("over a real socket a stream flows, ends with the reader, and closing does not hang on it", async (t) => {
  const { app, furnished, closing, events } = await openWorld(t);
  const server: HttpServer = await openHttpServer(app, { listen: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${server.port}/pop/v1/state`;
  const headers = { authorization: `Bearer ${furnished.token}` };
  const left = new AbortController();
  const first = new LineReader(await fetch(url, { headers, signal: left.signal }));
  await first.toBe(3);
  const second = new LineReader(await fetch(url, { headers }));
  await second.toBe(3);
  await first.cancel();
  await until(() => events.some((event) => event.event === "http.stream.closed"), "the end of the first stream");
  closing.abort();
  await server.close();
  await until(() => second.ended, "the end of the second stream");
});
