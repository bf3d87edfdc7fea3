import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

// The program itself, in a network namespace without any network, so that the broker is never reached: what is tried is the life of a
// background process and of its traces. Each line of the script's output is one finding.
const script = `
set -u
tombolo() { "$LAUNCHER" "$@" >"$DIR/out" 2>"$DIR/err"; echo "$1 $?"; }
tombolo up --background
tombolo up --background --keep-trying
pid=$(head -1 "$DIR/run/tombolo.pid")
tr '\\0' ' ' <"/proc/$pid/cmdline" | grep -c "$TOMBOLO_KEY"
tr '\\0' '\\n' <"/proc/$pid/environ" | grep -c "$TOMBOLO_KEY"
grep -c "$TOMBOLO_KEY" "$DIR/log"
stat -c %a "$DIR/log" "$DIR/run/tombolo.sock"
tombolo up
tombolo status --json
grep -o '"state":"[a-z]*"' "$DIR/out"
tombolo down
ls "$DIR/run" | wc -l
tombolo status
tombolo up --background --keep-trying
kill -9 $(head -1 "$DIR/run/tombolo.pid")
while [ -d "/proc/$(head -1 "$DIR/run/tombolo.pid")" ]; do sleep 0.05; done
ls "$DIR/run" | wc -l
tombolo down
ls "$DIR/run" | wc -l
tombolo down
`;

test("a background process shows no key, answers status, ends on down, and what a killed one left is cleared away", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tombolo-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const asRoot = process.geteuid?.() === 0 ? [] : ["--map-root-user"];
  const child = spawnSync("unshare", [...asRoot, "--net", "sh", "-c", script], {
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      LAUNCHER: join(import.meta.dirname, "../../../../bin/tombolo"),
      DIR: directory,
      TOMBOLO_SERVER: "192.0.2.1",
      TOMBOLO_USER: "ABC1-TMB",
      TOMBOLO_KEY: "hunter2-is-the-key",
      TOMBOLO_RUN_DIR: join(directory, "run"),
      TOMBOLO_LOGFILE: join(directory, "log"),
    },
  });
  assert.deepEqual(child.stdout.trim().split("\n"), [
    "up 10",
    "up 0",
    "0",
    "0",
    "0",
    "600",
    "600",
    "up 6",
    "status 0",
    '"state":"waiting"',
    "down 0",
    "0",
    "status 3",
    "up 0",
    "2",
    "down 0",
    "0",
    "down 0",
  ]);
});
