import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { CommandLine, steady } from "../../test/command-line.ts";
import { makeFolder } from "../../test/world.ts";

async function furnished(line: CommandLine): Promise<void> {
  await line.json("admin", "pop", "add", "nlams01", "--city", "Amsterdam", "--country", "NL", "--ipv4", "192.0.2.1");
  await line.json("admin", "pool", "add", "2001:db8:1::/48", "--pop", "nlams01", "--purpose", "tunnel");
  await line.json("admin", "pool", "add", "2001:db8:2::/48", "--pop", "nlams01", "--purpose", "delegation");
  await line.json("admin", "account", "add", "--name", "Ada B. Cole", "--email", "ada@example.net");
  await line.json("admin", "tunnel", "add", "ABC1-TMB", "--pop", "nlams01");
}

/** What a golden text looks like in the source: its first line end and its indentation are not part of it. */
function golden(strings: TemplateStringsArray): string {
  return (strings[0] ?? "").replace(/^\n/, "").replace(/^ {4}/gm, "").replace(/ *$/, "");
}

test("people get tables", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  assert.equal((await line.run(["admin", "tunnel", "list"])).out, "No tunnels.\n");
  await furnished(line);
  assert.equal(
    steady((await line.run(["admin", "account", "list"])).out),
    golden`
    HANDLE    NAME         EMAIL            STATE    CREATED
    ABC1-TMB  Ada B. Cole  ada@example.net  enabled  2026-01-01T00:00:00Z
    `,
  );
  assert.equal(
    steady((await line.run(["admin", "tunnel", "list", "--account", "abc1-tmb"])).out),
    golden`
    ID     ACCOUNT   POP      TYPE   USER STATE  ADMIN STATE  PREFIX           ENDPOINT  LAST SEEN
    T1001  ABC1-TMB  nlams01  ayiya  enabled     enabled      2001:db8:1::/64  -         -
    `,
  );
  assert.equal(
    steady((await line.run(["admin", "pool", "show", "p1"])).out),
    golden`
    id       P1
    pop      nlams01
    purpose  tunnel
    prefix   2001:db8:1::/48
    length   64
    created  2026-01-01T00:00:00Z
    used     1
    resting  0
    free     65535
    `,
  );
  assert.equal(
    steady((await line.run(["admin", "account", "key", "add", "ABC1-TMB", "--label", "router", "--tunnel", "t1001"])).out),
    golden`
    id          2
    tunnel      T1001
    label       router
    created     2026-01-01T00:00:00Z
    account     ABC1-TMB
    access key  ACCESS-KEY

    The access key is shown only now. It logs machines in (TIC, TSP, update URL); it is not a web password.
    `,
  );
  assert.equal(
    steady((await line.run(["admin", "account", "show", "ABC1-TMB"])).out),
    golden`
    handle   ABC1-TMB
    name     Ada B. Cole
    email    ada@example.net
    state    enabled
    created  2026-01-01T00:00:00Z

    ID  TUNNEL  LABEL      CREATED
    1   -       first key  2026-01-01T00:00:00Z
    2   T1001   router     2026-01-01T00:00:00Z

    ID     POP      TYPE   USER STATE  ADMIN STATE  PREFIX
    T1001  nlams01  ayiya  enabled     enabled      2001:db8:1::/64
    `,
  );
});

test("programs get JSON whose names stay", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  await furnished(line);
  assert.deepEqual(JSON.parse(steady((await line.run(["admin", "tunnel", "show", "T1001", "--json"])).out)), {
    id: "T1001",
    account: "ABC1-TMB",
    pop: "nlams01",
    type: "ayiya",
    userState: "enabled",
    adminState: "enabled",
    prefix: "2001:db8:1::/64",
    popAddress: "2001:db8:1::1",
    clientAddress: "2001:db8:1::2",
    delegations: [{ id: "R1001", prefix: "2001:db8:2::/64" }],
    mtu: 1280,
    heartbeatSec: 60,
    staticEndpoint: null,
    endpoint: null,
    endpointSince: null,
    lastSeen: null,
    created: "2026-01-01T00:00:00Z",
    atPop: null,
  });
  assert.deepEqual(JSON.parse(steady((await line.run(["admin", "pop", "token", "nlams01", "--json"])).out)), {
    name: "nlams01",
    token: "TOKEN",
  });
  assert.deepEqual(JSON.parse(steady((await line.run(["admin", "tunnel", "secret", "T1001", "--json"])).out)), {
    id: "T1001",
    secret: "SECRET",
  });
  const pop = await line.json<{ state: string; message: string }>("admin", "pop", "down", "nlams01", "--message", "back at 18:00 UTC");
  assert.deepEqual([pop.state, pop.message], ["down", "back at 18:00 UTC"]);
  assert.equal((await line.json<{ state: string }>("admin", "pop", "up", "nlams01")).state, "up");
  assert.equal((await line.json<{ pools: unknown[] }>("admin", "pop", "show", "nlams01")).pools.length, 2);
});

test("a tunnel changes its type and its state without changing its addresses, and its holder stays known after it went", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  await furnished(line);
  interface View {
    readonly type: string;
    readonly clientAddress: string;
    readonly adminState: string;
    readonly staticEndpoint: string | null;
  }
  const changed = await line.json<View>("admin", "tunnel", "change", "T1001", "--type", "6in4", "--endpoint", "198.51.100.7");
  assert.deepEqual([changed.type, changed.staticEndpoint, changed.clientAddress], ["6in4", "198.51.100.7", "2001:db8:1::2"]);
  assert.equal((await line.json<View>("admin", "tunnel", "disable", "T1001")).adminState, "disabled");
  assert.equal((await line.json<View>("admin", "tunnel", "enable", "T1001")).adminState, "enabled");
  const holder = await line.json<{ tunnel: string }>("admin", "tunnel", "holder", "2001:db8:1::2");
  assert.equal(holder.tunnel, "T1001");
  assert.equal((await line.run(["admin", "tunnel", "remove", "T1001"])).out, "T1001 removed.\n");
  assert.equal((await line.run(["admin", "tunnel", "holder", "2001:db8:9::2"])).out, "Nobody.\n");
  assert.equal((await line.run(["admin", "tunnel", "show", "T1001"])).status, 1);
});

test("colour is for terminals only", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  assert.ok(!(await line.run(["admin", "pop", "list", "--help"])).out.includes("\u001B"));
  line.isTerminal = true;
  assert.ok((await line.run(["admin", "pop", "list", "--help"])).out.includes("\u001B[1m"));
});

test("what the broker refuses is said with its code, status 1", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  await furnished(line);
  const { status, out, err } = await line.run(["admin", "tunnel", "show", "T1"]);
  assert.deepEqual([status, out], [1, ""]);
  assert.match(err, /^tombolod: .* \(tunnel-not-found\)\n$/);
});

test("wrong usage is said with what is right, status 2", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["frobnicate"], /there is no command "frobnicate"/],
    [["admin", "tunnel"], /after "admin tunnel" may come: add, list, change, remove, enable, disable, secret, holder, show, trace/],
    [["admin", "account", "key"], /after "admin account key" may come: add/],
    [["admin", "tunnel", "show"], /TUNNEL is missing/],
    [["admin", "tunnel", "show", "T1", "T2"], /"T2" is too much/],
    [["admin", "tunnel", "show", "X1"], /"X1" is not a tunnel such as T1001/],
    [["admin", "pop", "add", "nlams01", "--city", "A", "--country", "NL"], /--ipv4 ADDRESS is missing/],
    [["admin", "pop", "add", "nlams01", "--city", "A", "--country", "NL", "--ipv4", "1.2.3"], /"1\.2\.3" is not an IPv4 address/],
    [["admin", "pool", "add", "2001:db8::1/48", "--pop", "x", "--purpose", "tunnel"], /has bits set past its length/],
    [["admin", "pool", "add", "2001:db8::/48", "--pop", "x", "--purpose", "fun"], /"fun" is not one of tunnel, delegation/],
    [["admin", "tunnel", "add", "A1-TMB", "--pop", "x", "--mtu", "big"], /--mtu takes a whole number, not "big"/],
    [["admin", "tunnel", "add", "A1-TMB", "--pop", "x", "--type", "gre"], /"gre" is not one of ayiya, 6in4, heartbeat, udp/],
    [["serve", "--frobnicate"], /Unknown option '--frobnicate'/],
    [["admin", "pop", "list", "--config"], /Option '--config <value>' argument missing/],
  ];
  for (const [args, complaint] of cases) {
    const { status, err } = await line.run(args);
    assert.equal(status, 2, args.join(" "));
    assert.match(err, complaint, args.join(" "));
  }
});

test("every command has help with an example that parses", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  const overview = (await line.run(["--help"])).out;
  const all = [...overview.matchAll(/^ {2}([a-z][a-z -]*[a-z])(?: [A-Z]+)* {2,}/gm)].map((match) => (match[1] ?? "").split(" "));
  assert.ok(all.length >= 25, overview);
  for (const words of all) {
    const { status, out } = await line.run([...words, "--help"]);
    assert.equal(status, 0);
    assert.ok(out.includes(`tombolod ${words.join(" ")}`), out);
    assert.match(out, /Examples:\n {2}tombolod /);
  }
  assert.ok(!(await line.run(["admin", "pool", "--help"])).out.includes("admin tunnel"));
});

test("a wrong configuration is told with the field, the value and the fix, status 2", async (t) => {
  const folder = await makeFolder(t);
  const line = new CommandLine(folder);
  const config = join(folder, "tombolo.toml");
  await writeFile(config, '[tic]\nport = "38745x"\nprot = 1\n');
  const wrong = await line.run(["check-config", "--config", config]);
  assert.equal(wrong.status, 2);
  assert.equal(
    wrong.err,
    `tombolod: ${config}: tic.prot is unknown: did you mean tic.port?\n` +
      `tombolod: ${config}: tic.port is "38745x": give a whole number from 0 to 65535\n`,
  );
  await writeFile(config, "[tic]\nport = = 1\n");
  assert.match((await line.run(["serve", "--config", config])).err, /tombolo\.toml: line 2, column 8: /);
  const missing = await line.run(["serve", "--config", join(folder, "none.toml")]);
  assert.deepEqual([missing.status, missing.err], [2, `tombolod: ${join(folder, "none.toml")}: there is no such file\n`]);
});

test("check-config prints what is in effect, and where it came from", async (t) => {
  const folder = await makeFolder(t);
  const config = join(folder, "tombolo.toml");
  await writeFile(config, '[tic]\nport = 3875\n[pop]\ntoken = "0123456789abcdef0123456789abcdef"\n');
  const line = new CommandLine(folder, { TOMBOLO_HTTP_PORT: "8081" });
  const people = await line.run(["check-config", "--config", config]);
  assert.equal(people.status, 0);
  assert.match(people.out, /^tic\.port +3875 +file$/m);
  assert.match(people.out, /^http\.port +8081 +environment$/m);
  assert.match(people.out, /^pop\.token +"…" +file$/m);
  const { settings } = await line.json<{ settings: readonly { field: string; value: unknown; from: string }[] }>(
    "check-config",
    "--config",
    config,
  );
  assert.deepEqual(
    settings.filter((item) => item.field === "tic.port").map(({ value, from }) => [value, from]),
    [[3875, "file"]],
  );
});

test("a database that is in use is not given a new master key", async (t) => {
  const folder = await makeFolder(t);
  const line = new CommandLine(folder);
  await furnished(line);
  const key = await readFile(join(folder, "master.key"));
  await rm(join(folder, "master.key"));
  const { status, err } = await line.run(["admin", "tunnel", "list"]);
  assert.equal(status, 2);
  assert.match(err, /master\.key is missing, but the database has accounts: restore the key from your backup/);
  await writeFile(join(folder, "master.key"), key, { mode: 0o600 });
  assert.equal((await line.run(["admin", "tunnel", "secret", "T1001"])).status, 0);
});

test("a database that cannot be opened is told apart, status 4, and a password in its URL is not told", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  const { status, err } = await line.run(["admin", "pop", "list", "--database", "postgres://tombolo:hunter2@127.0.0.1:1/tombolo"]);
  assert.equal(status, 4);
  assert.ok(err.includes("the database") && !err.includes("hunter2"), err);
});
