import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { runProgram } from "./program.ts";

const launcher = join(import.meta.dirname, "../../../../bin/tombolo");

test("help, version and every command's help with examples end with 0", async () => {
  assert.match(await succeed("--version"), /^tombolo \d+\.\d+\.\d+$/);
  const help = await succeed("--help");
  for (const name of ["up", "down", "status", "tunnels", "config"]) {
    assert.match(help, new RegExp(`^  ${name} `, "m"));
    for (const args of [
      [name, "--help"],
      ["help", name],
      [name, "-h"],
    ]) {
      assert.match(await succeed(...args), new RegExp(`^usage: tombolo ${name} [^]*\nexamples:\n +.*tombolo ${name}`));
    }
  }
});

test("wrong usage ends with 2, says what is wrong and where help is", async () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [[], /A command is missing: up, down, status, tunnels, config; see "tombolo --help"/],
    [["fly"], /no command "fly"/],
    [["help", "fly"], /no command "fly"/],
    [["up", "--nonsense"], /Unknown option '--nonsense'; see "tombolo up --help"/],
    [["up", "extra"], /Unexpected argument 'extra'/],
    [["down", "--device"], /--device/],
    [["up", "--metric", "x"], /flag --metric: metric = "x": write a whole number/],
    [["up", "--config", "/nonexistent/tombolo.conf"], /\/nonexistent\/tombolo\.conf: the file: it cannot be read/],
  ];
  for (const [args, says] of cases) {
    const done = await run(args);
    assert.equal(done.code, 2, args.join(" "));
    assert.match(done.errors, says);
    assert.equal(done.output, "");
  }
});

test("a key on the command line is refused, and not repeated", async () => {
  for (const args of [
    ["up", "--key", "hunter2"],
    ["tunnels", "--key=hunter2"],
    ["up", "--password", "hunter2"],
  ]) {
    const done = await run(args);
    assert.equal(done.code, 2);
    assert.match(done.errors, /never given on the command line.*--key-file/);
    assert.ok(!done.errors.includes("hunter2"));
  }
});

test("a failure with --json is one object with code, exit code and message", async (t) => {
  const done = await run(["status", "--json", "--run-dir", makeDirectory(t)]);
  assert.equal(done.code, 3);
  assert.deepEqual(JSON.parse(done.output), {
    error: { code: "not-running", exitCode: 3, message: 'No tombolo runs on device tombolo; start it with "tombolo up".' },
  });
});

test("config shows what results and from where, and never a key", async (t) => {
  const path = join(makeDirectory(t), "tombolo.conf");
  writeFileSync(path, "server = tic.example.net\nuser = ABC1-TMB/T1001\nkey = hunter2\n", { mode: 0o600 });
  const args = ["config", "--config", path, "--no-default-route"];
  const done = await run(args, { TOMBOLO_METRIC: "7" });
  assert.equal(done.code, 0);
  assert.match(done.output, new RegExp(`^server = tic\\.example\\.net:3874 +# ${path} line 1$`, "m"));
  assert.match(done.output, /^user = ABC1-TMB\/T1001 /m);
  assert.match(done.output, /^default-route = no +# flag --default-route$/m);
  assert.match(done.output, /^metric = 7 +# environment variable TOMBOLO_METRIC$/m);
  const json = await run([...args, "--json"]);
  assert.ok(!`${done.output}${json.output}`.includes("hunter2"));
  assert.deepEqual((JSON.parse(json.output) as Record<string, unknown>)["device"], { value: "tombolo", from: "default" });
});

test("the launcher finds its Node through a link, and hands arguments on as they are", (t) => {
  const directory = makeDirectory(t);
  const link = join(directory, "a link to tombolo");
  spawnSync("ln", ["-s", launcher, link]);
  assert.match(spawnSync(link, ["--version"], { encoding: "utf8", cwd: "/" }).stdout, /^tombolo \d/);
  const odd = spawnSync(link, ["up", "two words $HOME"], { encoding: "utf8" });
  assert.equal(odd.status, 2);
  assert.match(odd.stderr, /two words \$HOME/);
});

test("without a Node that is new enough the launcher says what to do", (t) => {
  const directory = makeDirectory(t);
  mkdirSync(join(directory, "bin"));
  copyFileSync(launcher, join(directory, "bin/tombolo"));
  const path = join(directory, "path");
  mkdirSync(path);
  for (const tool of ["readlink", "dirname", "uname"]) spawnSync("ln", ["-s", `/usr/bin/${tool}`, join(path, tool)]);
  const start = (): ReturnType<typeof spawnSync> =>
    spawnSync("/bin/sh", [join(directory, "bin/tombolo")], { encoding: "utf8", env: { PATH: path } });
  const without = start();
  assert.equal(without.status, 1);
  assert.match(String(without.stderr), /Node 24 or newer is needed.*none.*npm ci/);
  writeFileSync(join(path, "node"), "#!/bin/sh\necho v20.20.2\n");
  chmodSync(join(path, "node"), 0o755);
  assert.match(String(start().stderr), /v20\.20\.2/);
});

async function succeed(...args: readonly string[]): Promise<string> {
  const done = await run(args);
  assert.deepEqual([done.code, done.errors], [0, ""], args.join(" "));
  return done.output;
}

async function run(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ code: number; output: string; errors: string }> {
  const output: string[] = [];
  const errors: string[] = [];
  const code = await runProgram(args, environment, {
    out: (text) => void output.push(text),
    line: (line) => void output.push(line.text),
    complain: (text) => void errors.push(text),
  });
  return { code, output: output.join("\n"), errors: errors.join("\n") };
}

function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "tombolo-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}
