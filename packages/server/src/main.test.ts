import assert from "node:assert/strict";
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readdir, realpath, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type TestContext } from "node:test";
import { CommandLine } from "../test/command-line.ts";
import { makeFolder } from "../test/world.ts";

const program = fileURLToPath(new URL("../../../bin/tombolod", import.meta.url));

interface Started {
  readonly child: ChildProcess;
  /** Of the HTTP door. */
  readonly port: number;
}

async function start(t: TestContext, args: readonly string[], stdio: StdioOptions): Promise<Started> {
  const port = await findFreePort();
  const { environment, folder } = new CommandLine(await makeFolder(t), {
    TOMBOLO_TIC_ENABLED: "false",
    TOMBOLO_HTTP_PORT: String(port),
    TOMBOLO_POP_DATA_PLANE: "memory",
    TOMBOLO_POP_OUTER_IPV4: "192.0.2.1",
  });
  const child = spawn(program, args, { env: { PATH: process.env["PATH"], ...environment }, cwd: folder, stdio });
  t.after(() => child.kill("SIGKILL"));
  return { child, port };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  server.close();
  await once(server, "close");
  return address.port;
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (response?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("the broker does not answer");
}

async function statusOf(child: ChildProcess): Promise<number | null> {
  await once(child, "close");
  return child.exitCode;
}

test("a log on a full disk does not end broker and PoP", async (t) => {
  const full = openSync("/dev/full", "w");
  t.after(() => closeSync(full));
  const { child, port } = await start(t, ["serve"], ["ignore", full, full]);
  await answers(port);
  child.kill("SIGTERM");
  assert.equal(await statusOf(child), 0);
});

test("a log whose reader left does not end broker and PoP", async (t) => {
  const { child, port } = await start(t, ["serve"], ["ignore", "pipe", "pipe"]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  await answers(port);
  child.kill("SIGTERM");
  assert.equal(await statusOf(child), 0);
});

test("a command whose reader left ends quietly", async (t) => {
  const { child } = await start(t, ["admin", "pop", "list"], ["ignore", "pipe", "pipe"]);
  let told = "";
  child.stdout?.destroy();
  child.stderr?.on("data", (chunk: Buffer) => (told += chunk.toString("utf8")));
  assert.deepEqual([await statusOf(child), told], [0, ""]);
});

test("an answer that is lost on a full disk is said, status 3", async (t) => {
  const full = openSync("/dev/full", "w");
  t.after(() => closeSync(full));
  const { child } = await start(t, ["admin", "pop", "list"], ["ignore", full, "pipe"]);
  let told = "";
  child.stderr?.on("data", (chunk: Buffer) => (told += chunk.toString("utf8")));
  assert.deepEqual([await statusOf(child), told], [3, "tombolod: the answer cannot be written (ENOSPC)\n"]);
});

test("an admin command in a wrong directory says so, status 4, and makes nothing there", async (t) => {
  const folder = await makeFolder(t);
  const settings = join(folder, "tombolo.toml");
  await writeFile(settings, "[log]\nlevel = 'info'\n");
  const list = async (...more: readonly string[]): Promise<{ status: number | null; told: string }> => {
    const args = ["admin", "pop", "list", "--config", settings, ...more];
    const child = spawn(program, args, { env: { PATH: process.env["PATH"] }, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let told = "";
    child.stderr.on("data", (chunk: Buffer) => (told += chunk.toString("utf8")));
    return { status: await statusOf(child), told };
  };
  const { status, told } = await list();
  assert.equal(status, 4);
  const database = join(await realpath(folder), "var", "tombolo.db");
  assert.equal(
    told,
    `tombolod: no database at ${database}: start the broker first (tombolod serve or broker), or name its settings with --config\n`,
  );
  assert.deepEqual(await readdir(folder), ["tombolo.toml"]);
  assert.equal((await list("--database", join(folder, "named.db"))).status, 0);
});
