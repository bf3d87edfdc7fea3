import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readCommands, root, type CopiedCommand } from "./commands.ts";

interface Said {
  readonly code: number;
  readonly text: string;
}

const pages = ["README.md", "docs/operate/server.md", "docs/operate/lan.md", "docs/operate/trouble.md"];

test("every command of the documents is one that its program knows, with these options", async () => {
  const commands = pages.flatMap(readCommands);
  assert.ok(commands.length >= 15, `only ${commands.length} commands were found`);
  for (const { page, program, words, args } of commands) {
    const help = await run(program, [...words, "--help"], root, {});
    assert.equal(help.code, 0, `${page}: ${program} ${words.join(" ")}: ${help.text}`);
    for (const option of args.filter((arg) => arg.startsWith("--"))) {
      assert.ok(help.text.includes(option), `${page}: ${program} ${words.join(" ")} has no ${option}`);
    }
  }
});

test("README's ten minutes: server, account, tunnel, and the client sees it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tombolo-readme-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ticPort = await findFreePort();
  const environment = await furnish(folder, ticPort);
  const commands = readCommands("README.md");
  const step = (...words: string[]): CopiedCommand => {
    const found = commands.find((command) => command.words.join(" ") === words.join(" "));
    assert.ok(found !== undefined, `README does not show ${words.join(" ")}`);
    return found;
  };
  const follow = (command: CopiedCommand): Promise<Said> =>
    run(
      command.program,
      command.args.map((arg) => arg.replace("broker.example.net", `127.0.0.1:${ticPort}`).replace(/^~/, folder)),
      folder,
      environment,
    );

  assert.equal((await follow(step("check-config"))).code, 0);
  await serve(t, folder, environment);

  const account = await follow(step("admin", "account", "add"));
  assert.equal(account.code, 0, account.text);
  const key = /\b[0-9a-z]{26}\b/.exec(account.text)?.[0];
  assert.ok(account.text.includes("ABC1-TMB") && key !== undefined, `README promises the handle ABC1-TMB and a key:\n${account.text}`);

  const tunnel = await follow(step("admin", "tunnel", "add"));
  assert.equal(tunnel.code, 0, tunnel.text);
  assert.match(tunnel.text, /\bT1001\b[^]*2001:db8:1::2\b[^]*2001:db8:2::\/64/);

  writeFileSync(join(folder, ".tombolo-key"), `${key}\n`, { mode: 0o600 });
  const tunnels = await follow(step("tunnels"));
  assert.equal(tunnels.code, 0, tunnels.text);
  assert.match(tunnels.text, /T1001\s+2001:db8:1::2\s+ayiya\s+nlams01/);

  const shown = await follow(step("admin", "tunnel", "show"));
  assert.equal(shown.code, 0, shown.text);
});

/** README's own tombolo.toml, with the ports and the data plane that a test without root may have. */
async function furnish(folder: string, ticPort: number): Promise<Readonly<Record<string, string>>> {
  const toml = /^```toml\n([^]*?)^```/m.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1];
  assert.ok(toml !== undefined, "README shows no tombolo.toml");
  writeFileSync(join(folder, "tombolo.toml"), toml);
  const httpPort = await findFreePort();
  return {
    TOMBOLO_TIC_LISTEN: "127.0.0.1",
    TOMBOLO_TIC_PORT: String(ticPort),
    TOMBOLO_HTTP_PORT: String(httpPort),
    TOMBOLO_POP_DATA_PLANE: "memory",
    TOMBOLO_POP_OUTER_IPV4: "192.0.2.1",
    TOMBOLO_LOG_FORMAT: "json",
  };
}

/** `tombolod serve` until the test ends; settles when its TIC door is open. */
async function serve(t: TestContext, folder: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(join(root, "bin/tombolod"), ["serve"], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => stop(child));
  let text = "";
  const opened = Promise.withResolvers<void>();
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    if (/"door":"tic"/.test(text)) opened.resolve();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  child.once("exit", () => opened.reject(new Error(`tombolod serve ended:\n${text}`)));
  await opened.promise;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const [code] = (await ended) as [number | null];
  assert.equal(code, 0, "tombolod serve ends with 0 after SIGTERM");
}

function run(program: string, args: readonly string[], cwd: string, environment: Readonly<Record<string, string>>): Promise<Said> {
  return new Promise((resolve) => {
    execFile(join(root, program), args, { cwd, env: { ...process.env, ...environment }, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, text: `${stdout}${stderr}` });
    });
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert.ok(address !== null && typeof address === "object");
  return address.port;
}
