import assert from "node:assert/strict";
import test from "node:test";
import { CommandLine } from "../../test/command-line.ts";
import { makeFolder } from "../../test/world.ts";

interface View {
  readonly id: string;
  readonly state: string;
  readonly decidedBy: string | null;
  readonly answer: string;
  readonly tunnel: string | null;
}

test("requests wait, are approved or rejected, and every step is an event", async (t) => {
  const line = new CommandLine(await makeFolder(t), { TOMBOLO_REQUESTS_APPROVE_TUNNELS: "first", TOMBOLO_REQUESTS_FIRST_TUNNELS: "1" });
  await line.json("admin", "pop", "add", "nlams01", "--city", "Amsterdam", "--country", "NL", "--ipv4", "192.0.2.1");
  await line.json("admin", "pool", "add", "2001:db8:1::/48", "--pop", "nlams01", "--purpose", "tunnel");
  await line.json("admin", "pool", "add", "2001:db8:8000::/36", "--pop", "nlams01", "--purpose", "delegation", "--length", "48");
  await line.json("admin", "account", "add", "--name", "Ada B. Cole", "--email", "ada@example.net");
  const ask = (...args: readonly string[]) => line.json<View>("admin", "request", "add", "ABC1-TMB", "--reason", "IPv6 at home", ...args);
  const first = await ask("--pop", "nlams01");
  assert.deepEqual([first.id, first.state, first.decidedBy, first.tunnel], ["Q1001", "approved", "rule", "T1001"]);
  assert.equal((await ask("--pop", "nlams01", "--type", "6in4", "--endpoint", "198.51.100.7")).state, "requested");
  assert.equal((await ask("--tunnel", "T1001")).state, "requested");
  assert.deepEqual(
    (await line.json<readonly View[]>("admin", "request", "list")).map((request) => request.id),
    ["Q1003", "Q1002"],
  );
  const rejected = await line.json<View>("admin", "request", "reject", "q1002", "--reason", "One is enough.");
  assert.deepEqual([rejected.state, rejected.answer], ["rejected", "One is enough."]);
  assert.equal((await line.json<View>("admin", "request", "approve", "Q1003")).state, "approved");
  assert.equal((await line.json<View>("admin", "request", "show", "Q1003")).decidedBy, "staff");
  assert.equal((await line.json<readonly View[]>("admin", "request", "list", "--state", "all", "--account", "abc1-tmb")).length, 3);
  const again = await line.run(["admin", "request", "approve", "Q1003"]);
  assert.deepEqual([again.status, again.err.includes("(request-decided)")], [1, true]);
  const kinds = (await line.json<readonly { kind: string }[]>("admin", "event", "list", "--after", "1")).map((event) => event.kind);
  assert.deepEqual(kinds, ["request.approved", "request.made", "request.made", "request.rejected", "request.approved"]);
  assert.match((await line.run(["admin", "event", "list", "--limit", "1"])).out, /request\.approved +ABC1-TMB +nlams01 +T1001 +Q1003/);
});

test("wrong usage of requests is said with what is right", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["admin", "request", "add", "ABC1-TMB", "--reason", "x"], /give --pop for a tunnel, or --tunnel for a delegation/],
    [["admin", "request", "show", "T1"], /"T1" is not a request such as Q1001/],
    [["admin", "request", "list", "--state", "open"], /"open" is not one of requested, approved, rejected/],
    [["admin", "request", "reject", "Q1"], /--reason TEXT is missing/],
  ];
  for (const [args, complaint] of cases) {
    const { status, err } = await line.run(args);
    assert.equal(status, 2, args.join(" "));
    assert.match(err, complaint);
  }
});
