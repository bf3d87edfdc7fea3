import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type TestContext } from "node:test";
import { md5Response } from "@tombolo/protocols";
import { CommandLine } from "../../test/command-line.ts";
import { makeFolder, TestClient, until } from "../../test/world.ts";
import { md5 } from "../platform/crypto.ts";

const quiet = {
  TOMBOLO_TIC_PORT: "0",
  TOMBOLO_HTTP_PORT: "0",
  TOMBOLO_TIC_LISTEN: "127.0.0.1",
  TOMBOLO_POP_DATA_PLANE: "memory",
  TOMBOLO_POP_OUTER_IPV4: "192.0.2.1",
};

/** A command that runs until stopped. */
class Running {
  readonly line: CommandLine;
  readonly #stop = new AbortController();
  readonly #ended: Promise<{ readonly status: number }>;

  constructor(t: TestContext, line: CommandLine, ...args: readonly string[]) {
    this.line = line;
    this.#ended = line.run(args, this.#stop.signal);
    t.after(() => this.stop());
  }

  async has(event: string): Promise<Record<string, unknown>> {
    await until(() => this.line.events().some((item) => item["event"] === event), event);
    return this.line.events().find((item) => item["event"] === event) ?? {};
  }

  async portOf(door: "tic" | "http"): Promise<number> {
    const find = (): Record<string, unknown> | undefined =>
      this.line.events().find((item) => item["event"] === "server.door.open" && item["door"] === door);
    await until(() => find() !== undefined, `the ${door} door`);
    return Number(find()?.["port"]);
  }

  async stop(): Promise<number> {
    this.#stop.abort();
    return (await this.#ended).status;
  }
}

async function logsIn(port: number, handle: string, accessKey: string): Promise<boolean> {
  const client = new TestClient(port);
  await client.linesToBe(1);
  await client.ask(`username ${handle}`);
  const challenge = (await client.ask("challenge md5")).slice(4);
  const reply = await client.ask(`authenticate md5 ${md5Response(challenge, accessKey, md5)}`);
  client.destroy();
  return reply.startsWith("200 ");
}

test("serve with nothing there makes what it needs, and the admin commands work beside it", async (t) => {
  const folder = await makeFolder(t);
  const line = new CommandLine(folder, quiet);
  line.isTerminal = true;
  const running = new Running(t, line, "serve");
  const port = await running.portOf("tic");
  await running.has("pop.plane.opened");
  assert.match(
    line.out,
    /First start\. Made:\n {2}master key .*\n {2}PoP local01 with outer address 192\.0\.2\.1\n {2}pool P1 2001:db8:1::\/48 /,
  );
  assert.match(line.out, /tombolod admin account add/);

  const beside = new CommandLine(folder, quiet);
  const account = await beside.json<{ handle: string; accessKey: string }>(
    "admin",
    "account",
    "add",
    "--name",
    "Ada Cole",
    "--email",
    "ada@example.net",
  );
  await beside.json("admin", "tunnel", "add", account.handle, "--pop", "local01");
  assert.equal(await logsIn(port, account.handle, account.accessKey), true);
  const reconciled = await running.has("pop.plane.reconciled");
  assert.equal(reconciled["set"], 1);
  assert.equal(await running.stop(), 0);
  assert.equal((await stat(join(folder, "pop-state"))).mode & 0o777, 0o600);
  const told = line.err + line.out;
  const secrets = [account.accessKey, (await readFile(join(folder, "master.key"), "ascii")).trim()];
  for (const secret of secrets) assert.ok(!told.includes(secret));
});

test("a second start finds everything and makes nothing", async (t) => {
  const folder = await makeFolder(t);
  const first = new Running(t, new CommandLine(folder, quiet), "serve");
  await first.has("pop.plane.opened");
  assert.equal(await first.stop(), 0);
  const line = new CommandLine(folder, quiet);
  const second = new Running(t, line, "serve");
  await second.has("pop.state.from-disk");
  await second.has("pop.stream.connected");
  assert.equal(await second.stop(), 0);
  assert.equal(
    line.events().some((event) => event["event"] === "server.made"),
    false,
  );
});

test("broker and PoP apart: the PoP follows, goes on without the broker, starts without it, and finds it again", async (t) => {
  const folder = await makeFolder(t);
  const admin = new CommandLine(folder, quiet);
  const { token } = await admin.json<{ token: string }>(
    "admin",
    "pop",
    "add",
    "nlams01",
    "--city",
    "A",
    "--country",
    "NL",
    "--ipv4",
    "192.0.2.1",
  );
  await admin.json("admin", "pool", "add", "2001:db8:1::/48", "--pop", "nlams01", "--purpose", "tunnel");
  const { handle } = await admin.json<{ handle: string }>("admin", "account", "add", "--name", "Ada Cole", "--email", "ada@example.net");
  await admin.json("admin", "tunnel", "add", handle, "--pop", "nlams01");
  await writeFile(join(folder, "token"), `${token}\n`, { mode: 0o600 });

  const broker = new Running(t, new CommandLine(folder, quiet), "broker");
  const port = await broker.portOf("http");
  const popSettings = { ...quiet, TOMBOLO_POP_BROKER_URL: `http://127.0.0.1:${port}`, TOMBOLO_POP_TOKEN_FILE: join(folder, "token") };
  const pop = new Running(t, new CommandLine(folder, popSettings), "pop");
  assert.equal((await pop.has("pop.plane.reconciled"))["set"], 1);
  assert.equal(await broker.stop(), 0);
  await pop.has("pop.stream.ended");
  assert.equal(await pop.stop(), 0);

  const again = new Running(t, new CommandLine(folder, popSettings), "pop");
  assert.equal((await again.has("pop.state.from-disk"))["tunnels"], 1);
  assert.equal((await again.has("pop.plane.reconciled"))["set"], 1);
  await admin.json("admin", "tunnel", "add", handle, "--pop", "nlams01");
  const back = new Running(t, new CommandLine(folder, { ...quiet, TOMBOLO_HTTP_PORT: String(port) }), "broker");
  await back.portOf("http");
  await until(() => again.line.events().filter((event) => event["event"] === "pop.plane.reconciled").length === 2, "the second tunnel");
  assert.equal(await again.stop(), 0);
  assert.equal(await back.stop(), 0);
});

test("a port that is taken is said with the setting to change, status 4, and nothing is left open", async (t) => {
  const folder = await makeFolder(t);
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  t.after(() => squatter.close());
  const address = squatter.address();
  assert.ok(typeof address === "object" && address !== null);
  const line = new CommandLine(folder, { ...quiet, TOMBOLO_TIC_PORT: String(address.port) });
  const { status, err } = await line.run(["serve"]);
  assert.equal(status, 4);
  assert.match(
    err,
    new RegExp(
      `tic: 127\\.0\\.0\\.1 port ${address.port} is in use by another program; stop it, or choose another with tic\\.listen and tic\\.port`,
    ),
  );
});

test("a PoP that the database does not know is refused with those it knows", async (t) => {
  const folder = await makeFolder(t);
  const line = new CommandLine(folder, quiet);
  await line.json("admin", "pop", "add", "nlams01", "--city", "A", "--country", "NL", "--ipv4", "192.0.2.1");
  const { status, err } = await line.run(["serve"]);
  assert.equal(status, 2);
  assert.match(err, /pop\.name is local01, which the database does not know: choose one of nlams01, or set pop\.enabled = false/);
  const running = new Running(t, new CommandLine(folder, { ...quiet, TOMBOLO_POP_ENABLED: "false" }), "serve");
  await running.portOf("tic");
  assert.equal(await running.stop(), 0);
});

test("a PoP without a token is told where to get one", async (t) => {
  const line = new CommandLine(await makeFolder(t), quiet);
  const { status, err } = await line.run(["pop"]);
  assert.equal(status, 2);
  assert.match(err, /pop\.token-file is empty: name the file with the token that `tombolod admin pop add` printed/);
});

test("a token that others can read is refused as the master key is", async (t) => {
  const folder = await makeFolder(t);
  const token = join(folder, "token");
  await writeFile(token, `${"0".repeat(64)}\n`, { mode: 0o600 });
  const line = new CommandLine(folder, { ...quiet, TOMBOLO_POP_TOKEN_FILE: token });
  assert.equal((await line.run(["check-config"])).status, 0);
  for (const mode of [0o640, 0o604]) {
    await chmod(token, mode);
    const { status, err } = await line.run(["pop"]);
    assert.equal(status, 2);
    assert.equal(err, `tombolod: pop.token-file: ${token} may be read by others (mode ${mode.toString(8)}): chmod 600 ${token}\n`);
  }
});

test("a broker elsewhere is not spoken to in clear, unless the settings say so", async (t) => {
  const folder = await makeFolder(t);
  const token = join(folder, "token");
  await writeFile(token, `${"0".repeat(64)}\n`, { mode: 0o600 });
  const check = async (url: string, insecure = "false"): Promise<number> => {
    const environment = { TOMBOLO_POP_TOKEN_FILE: token, TOMBOLO_POP_BROKER_URL: url, TOMBOLO_POP_INSECURE: insecure };
    return (await new CommandLine(folder, environment).run(["check-config"])).status;
  };
  for (const url of ["http://192.0.2.1:8080", "http://127.0.0.1.example.net", "http://[2001:db8::1]"]) {
    assert.deepEqual([await check(url), await check(url, "true")], [2, 0], url);
  }
  for (const url of ["https://broker.example.net", "http://127.0.0.2:8080", "http://localhost:8080", "http://[::1]:8080"]) {
    assert.equal(await check(url), 0, url);
  }
});

test("the program itself ends well on SIGTERM, and its process title holds no secret", async (t) => {
  const folder = await makeFolder(t);
  const { environment } = new CommandLine(folder, quiet);
  const program = fileURLToPath(new URL("../../../../bin/tombolod", import.meta.url));
  const child = spawn(program, ["serve"], {
    env: { PATH: process.env["PATH"], ...environment },
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
  await until(() => log.includes("pop.plane.opened"), "the start");
  const title = await readFile(`/proc/${child.pid ?? 0}/cmdline`, "utf8");
  assert.deepEqual(title.split("\0").slice(1, -1), ["--conditions=source", fileURLToPath(new URL("../main.ts", import.meta.url)), "serve"]);
  child.kill("SIGTERM");
  const [status, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  assert.deepEqual([status, signal], [0, null]);
});
