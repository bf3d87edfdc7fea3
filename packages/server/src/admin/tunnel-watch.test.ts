import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { CommandLine } from "../../test/command-line.ts";
import { makeFolder } from "../../test/world.ts";

const drop = {
  reason: "beat-clock-off",
  class: "Clock Off",
  count: 3,
  lastAt: 1_700_000_000,
  lastSource: "198.51.100.7:4000",
  lastBytes: "48454152544245415420".repeat(5),
};
const report = {
  pop: "nlams01",
  tunnel: 1001,
  type: "heartbeat",
  state: "up",
  stateSince: 1_700_000_000,
  endpoint: "198.51.100.7",
  endpointProven: true,
  lastSeenAt: 1_700_000_000,
  lastBeatAt: null,
  inPackets: 1,
  inBytes: 2,
  outPackets: 3,
  outBytes: 4,
  latency: { at: 1_700_000_000, sent: 1, received: 1, minMs: 7, avgMs: 7.25, maxMs: 8 },
  drops: [drop],
};
const decision = {
  at: 1_700_000_000,
  direction: "in",
  decision: "dropped",
  reason: "clock-off",
  source: "192.0.2.9:7",
  length: 44,
  summary: "beat",
};

/** A PoP that answers every request with `lines`, at the socket that `line` looks for. */
async function playPop(t: TestContext, line: CommandLine, lines: readonly object[]): Promise<void> {
  const path = join(line.folder, "pop.sock");
  await mkdir(dirname(path), { recursive: true });
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => socket.end(lines.map((item) => `${JSON.stringify(item)}\n`).join("")));
  });
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  t.after(() => void server.close());
}

async function furnished(t: TestContext): Promise<CommandLine> {
  const line = new CommandLine(await makeFolder(t));
  await line.json("admin", "pop", "add", "nlams01", "--city", "Amsterdam", "--country", "NL", "--ipv4", "192.0.2.1");
  await line.json("admin", "pool", "add", "2001:db8:1::/48", "--pop", "nlams01", "--purpose", "tunnel");
  await line.json("admin", "account", "add", "--name", "Ada B. Cole", "--email", "ada@example.net");
  await line.json("admin", "tunnel", "add", "ABC1-TMB", "--pop", "nlams01");
  return line;
}

test("where no PoP runs, show says on which PoP its state and errors are", async (t) => {
  const line = await furnished(t);
  const shown = await line.run(["admin", "tunnel", "show", "T1001"]);
  assert.equal(shown.status, 0, shown.err);
  assert.match(shown.out, /^account +ABC1-TMB$/m);
  assert.match(shown.out, /run this on the PoP nlams01\.\n$/);
  const json = JSON.parse((await line.run(["admin", "tunnel", "show", "T1001", "--json"])).out) as Record<string, unknown>;
  assert.deepEqual([json["id"], json["atPop"]], ["T1001", null]);
});

test("where its PoP runs, show tells state, latency, and each reason with last time, source and first bytes", async (t) => {
  const line = await furnished(t);
  await playPop(t, line, [{ version: 1, show: report }]);
  const shown = await line.run(["admin", "tunnel", "show", "T1001"]);
  assert.match(shown.out, /^state +up since 2023-11-14T22:13:20Z$/m);
  assert.match(shown.out, /^latency +1 of 1 answered, min\/avg\/max 7\.0\/7\.3\/8\.0 ms/m);
  assert.match(
    shown.out,
    /^beat-clock-off  Clock Off  3 +2023-11-14T22:13:20Z  198\.51\.100\.7:4000  484541525442454154204845415254424541542048454152…$/m,
  );
  const json = JSON.parse((await line.run(["admin", "tunnel", "show", "T1001", "--json"])).out) as { readonly atPop: unknown };
  assert.deepEqual(json.atPop, report);
});

test("on a PoP's host without a broker show tells what the PoP knows, and makes no database", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  assert.equal((await line.run(["admin", "tunnel", "show", "T1001"])).status, 4);
  await playPop(t, line, [{ version: 1, show: report }]);
  const shown = await line.run(["admin", "tunnel", "show", "T1001"]);
  assert.deepEqual([shown.status, /^at pop +nlams01$/m.test(shown.out)], [0, true], shown.err + shown.out);
});

test("trace prints a line for each decision and ends by itself; --json is one object a line", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  await playPop(t, line, [{ version: 1, tracing: 60 }, { decision }, { end: "time" }]);
  const traced = await line.run(["admin", "tunnel", "trace", "T1001"]);
  assert.deepEqual([traced.status, traced.out], [0, "22:13:20 in  dropped clock-off 192.0.2.9:7 44 bytes beat\n"]);
  assert.deepEqual(JSON.parse((await line.run(["admin", "tunnel", "trace", "T1001", "--json"])).out), decision);
});

test("trace without a PoP here names the one to go to; too long a time is wrong usage", async (t) => {
  const line = await furnished(t);
  const absent = await line.run(["admin", "tunnel", "trace", "T1001"]);
  assert.equal(absent.status, 4);
  assert.match(absent.err, /run this on the PoP nlams01\n$/);
  assert.equal((await line.run(["admin", "tunnel", "trace", "T1001", "--seconds", "601"])).status, 2);
});

test("a PoP that does not have the tunnel says so", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  await playPop(t, line, [{ version: 1, error: "tunnel-unknown" }]);
  const traced = await line.run(["admin", "tunnel", "trace", "T1001"]);
  assert.deepEqual([traced.status, traced.err], [1, "tombolod: T1001 is not a tunnel of the PoP on this host\n"]);
});

test("pop drops lists the reasons of the whole PoP, the most frequent first", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  assert.equal((await line.run(["admin", "pop", "drops"])).status, 4);
  const drops = { short: 1, "bad-signature": 7, "too-big": 0, "beat-clock-off": 2 };
  const totals = { pop: "nlams01", tunnels: 5, up: 3, inPackets: 1, inBytes: 1, outPackets: 1, outBytes: 1, drops, beats: 9 };
  await playPop(t, line, [{ version: 1, totals }]);
  const shown = await line.run(["admin", "pop", "drops"]);
  assert.match(shown.out, /REASON +COUNT\nbad-signature +7\nbeat-clock-off +2\nshort +1\n$/);
});
