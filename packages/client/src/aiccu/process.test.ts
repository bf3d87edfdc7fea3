import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

// bin/aiccu itself, in a network namespace without any network, so that no broker is reached: what is tried is the life of its process.
// As a service it waits for the broker, so there is a process to look at. Each line of the script's output is one finding.
const script = `
set -u
aiccu() { "$LAUNCHER" "$@" >"$DIR/out" 2>"$DIR/err"; echo "$1 $?"; }
aiccu fly
cat "$DIR/err"
aiccu start "$DIR/aiccu.conf"
head -1 "$DIR/err"
ls "$DIR" | grep -c aiccu.pid
export TOMBOLO_KEEP_TRYING=yes
aiccu start "$DIR/aiccu.conf"
wc -l <"$DIR/aiccu.pid"
pid=$(cat "$DIR/aiccu.pid")
grep -c "AICCU running as PID $pid" "$DIR/err"
tr '\\0' ' ' <"/proc/$pid/cmdline" | grep -c hunter2
kill -USR1 "$pid"
aiccu start "$DIR/aiccu.conf"
cat "$DIR/err"
kill -0 "$pid" && echo alive
aiccu stop "$DIR/aiccu.conf"
cat "$DIR/err"
# Nobody may have collected its exit status yet.
grep -qs '^State:.[RSDT]' "/proc/$pid/status" || echo gone
ls "$DIR" | grep -c aiccu.pid
sleep 60 &
other=$!
echo "$other" >"$DIR/aiccu.pid"
aiccu stop "$DIR/aiccu.conf"
kill -0 "$other" && echo spared
kill "$other"
`;

test("aiccu's process: pid file, a second start, SIGUSR1, stop, and a stranger's number in the pid file", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tombolo-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const conf = [
    "username ABC1-TMB",
    "password hunter2",
    "server 192.0.2.1",
    "daemonize true",
    `pidfile ${directory}/aiccu.pid`,
    "ipv6_interface tmbaiccu",
  ];
  writeFileSync(join(directory, "aiccu.conf"), `${conf.join("\n")}\n`, { mode: 0o600 });
  const asRoot = process.geteuid?.() === 0 ? [] : ["--map-root-user"];
  const child = spawnSync("unshare", [...asRoot, "--net", "sh", "-c", script], {
    encoding: "utf8",
    timeout: 60_000,
    env: {
      ...process.env,
      DIR: directory,
      LAUNCHER: join(import.meta.dirname, "../../../../bin/aiccu"),
      TOMBOLO_RUN_DIR: join(directory, "run"),
      TOMBOLO_LOGFILE: join(directory, "log"),
    },
  });
  assert.deepEqual(child.stdout.trim().split("\n"), [
    "fly 255",
    "aiccu (start|stop|brokers|tunnels|test|autotest|license|version) [<configfile>]",
    "start 255",
    "Couldn't connect to the TIC server 192.0.2.1",
    "0",
    "start 0",
    "1",
    "1",
    "0",
    "start 0",
    "Already running instance HUP'ed, exiting",
    "alive",
    "stop 0",
    "Already running instance HUP'ed, exiting",
    "gone",
    "0",
    "stop 0",
    "spared",
  ]);
});
