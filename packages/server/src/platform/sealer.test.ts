import assert from "node:assert/strict";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { makeFolder } from "../../test/world.ts";
import type { StartupError } from "../run/startup-error.ts";
import { systemRandom } from "./crypto.ts";
import { ensureMasterKey } from "./master-key.ts";
import { makeSealer } from "./sealer.ts";

const key = new Uint8Array(32).fill(1);
const sealer = makeSealer(key, systemRandom);

test("what was sealed opens again, and only for the same purpose", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 200 }).filter((text) => text.isWellFormed()),
      (clear) => {
        const sealed = sealer.seal(clear, "access-key");
        assert.equal(sealer.unseal(sealed, "access-key"), clear);
        assert.throws(() => sealer.unseal(sealed, "tunnel-secret"), { message: "a sealed secret in the database was changed" });
      },
    ),
    { numRuns: 50 },
  );
});

test("the same text sealed twice gives two blobs", () => {
  assert.notEqual(sealer.seal("a", "access-key"), sealer.seal("a", "access-key"));
});

test("a blob changed anywhere does not open, and the complaint holds no secret", () => {
  const bytes = Buffer.from(sealer.seal("hartslag", "access-key"), "base64url");
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(
      () => sealer.unseal(changed.toString("base64url"), "access-key"),
      (error: Error) => !error.message.includes("hartslag"),
    );
    assert.throws(() => sealer.unseal(bytes.subarray(0, at).toString("base64url"), "access-key"));
  }
});

test("a wrong key file is told apart from a broken blob", () => {
  const other = makeSealer(new Uint8Array(32).fill(2), systemRandom);
  assert.throws(() => other.unseal(sealer.seal("a", "access-key"), "access-key"), /sealed with another master key/);
});

test("a master key is made once, for its owner only", async (t) => {
  const path = join(await makeFolder(t), "new", "master.key");
  const first = await ensureMasterKey(path, systemRandom);
  assert.equal(first.made, true);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.match(await readFile(path, "ascii"), /^[0-9a-f]{64}\n$/);
  const second = await ensureMasterKey(path, systemRandom);
  assert.deepEqual([second.made, Buffer.from(second.key).equals(first.key)], [false, true]);
});

test("a master key that others may read is refused, and so is one that is none", async (t) => {
  const path = join(await makeFolder(t), "master.key");
  await writeFile(path, "ab".repeat(32), { mode: 0o600 });
  await chmod(path, 0o640);
  await assert.rejects(
    ensureMasterKey(path, systemRandom),
    (error: StartupError) => error.kind === "config" && error.message.endsWith(`chmod 600 ${path}`),
  );
  await writeFile(path, "short", { mode: 0o600 });
  await chmod(path, 0o600);
  await assert.rejects(ensureMasterKey(path, systemRandom), /is not 64 hexadecimal digits/);
});
