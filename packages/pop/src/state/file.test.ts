import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { makeIpv4 } from "@tombolo/base";
import { makeTestTunnel, testPop } from "../../test/states.ts";
import type { DesiredState } from "./desired.ts";
import { readStateFile, setStateFileAside, writeStateFile } from "./file.ts";

const state: DesiredState = {
  revision: 7,
  pop: testPop,
  tunnels: new Map([
    ["T1", makeTestTunnel(1, { lastEndpoint: { ipv4: makeIpv4(0xc633_6407), port: 40_000 } })],
    ["T2", makeTestTunnel(2, { encapsulation: "6in4", staticEndpoint: makeIpv4(0xc633_6408) })],
  ]),
};

async function makePath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tombolo-state-"));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, "state");
}

test("a state comes back as it was written, and only its owner may read it", async (t) => {
  const path = await makePath(t);
  await writeStateFile(path, state);
  await writeStateFile(path, state);
  assert.deepEqual(await readStateFile(path, 10), { ok: true, value: state });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("a large state is written and read in pieces", async (t) => {
  const path = await makePath(t);
  const tunnels = new Map(Array.from({ length: 5000 }, (_, i) => [`T${i + 1}`, makeTestTunnel(i + 1)]));
  await writeStateFile(path, { ...state, tunnels });
  const read = await readStateFile(path, 5000);
  assert.ok(read.ok);
  assert.deepEqual(read.value.tunnels, tunnels);
  assert.deepEqual(await readStateFile(path, 4999), { ok: false, reason: "line" });
});

test("no file is told apart from a bad one", async (t) => {
  const path = await makePath(t);
  assert.deepEqual(await readStateFile(path, 10), { ok: false, reason: "absent" });
  await writeFile(path, "");
  assert.deepEqual(await readStateFile(path, 10), { ok: false, reason: "incomplete" });
  await writeFile(path, "hello\n");
  assert.deepEqual(await readStateFile(path, 10), { ok: false, reason: "header" });
  await writeFile(path, "x".repeat(100_000));
  assert.deepEqual(await readStateFile(path, 10), { ok: false, reason: "line" });
});

test("a file cut or changed anywhere is refused", async (t) => {
  const path = await makePath(t);
  await writeStateFile(path, state);
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at += 7) {
    await writeFile(path, whole.subarray(0, at));
    assert.equal((await readStateFile(path, 10)).ok, false, `cut at ${at}`);
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 4;
    await writeFile(path, changed);
    assert.equal((await readStateFile(path, 10)).ok, false, `changed at ${at}`);
  }
});

test("bad files set aside are not overwritten, and there are at most eight", async (t) => {
  const path = await makePath(t);
  const names: (string | undefined)[] = [];
  for (let n = 1; n <= 10; n += 1) {
    await writeFile(path, `bad copy ${n}\n`);
    const aside = await setStateFileAside(path);
    names.push(aside.ok ? aside.value.slice(path.length) : undefined);
  }
  assert.deepEqual(names, [".bad", ".bad2", ".bad3", ".bad4", ".bad5", ".bad6", ".bad7", ".bad8", ".bad8", ".bad8"]);
  assert.equal(await readFile(`${path}.bad`, "utf8"), "bad copy 1\n");
  assert.equal(await readFile(`${path}.bad8`, "utf8"), "bad copy 10\n");
});

test("a bad file is set aside for a person to look at", async (t) => {
  const path = await makePath(t);
  await writeFile(path, "hello\n");
  assert.deepEqual(await setStateFileAside(path), { ok: true, value: `${path}.bad` });
  assert.equal(await readFile(`${path}.bad`, "utf8"), "hello\n");
  assert.deepEqual(await readStateFile(path, 10), { ok: false, reason: "absent" });
});
