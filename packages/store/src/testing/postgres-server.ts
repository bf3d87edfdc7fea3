import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A PostgreSQL of the tests' own: its data and its only door, a unix socket, lie in a folder that goes with it. */
export interface PostgresServer {
  /** The url of a new, empty database. */
  makeDatabase(): Promise<string>;
  /** Ends all sessions of all databases, as a restart would. */
  cutSessions(): Promise<void>;
  stop(): Promise<void>;
}

const programsFolder = "/usr/lib/postgresql";
const aptLine = "apt-get install -y --no-install-recommends postgresql";
/** About half a minute. */
const startAttempts = 1_200;

/**
 * Keeps the server for as long as its own input is open. That ends with the test process however it ends, kill -9
 * included, and then nothing of the server stays. The data is thrown away, so it need not be written out.
 */
const keeperScript = `
trap '' INT TERM HUP
"$1" -D "$2" -k "$3" -c listen_addresses= </dev/null &
server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$3"
`;

/** Starts Debian's PostgreSQL with its own defaults, fsync included. Throws with the reason and the way out when there is none. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = findPrograms();
  const identity = findIdentity();
  const folder = mkdtempSync(join(tmpdir(), "tombolo-pg-"));
  if (identity !== undefined) chownSync(folder, identity.uid, identity.gid);
  const data = join(folder, "data");
  const initdb = ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  const made = spawnSync(join(programs, "initdb"), initdb, { ...identity, cwd: folder, encoding: "utf8" });
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`initdb failed: ${made.stderr}`);
  }
  const keeper = spawn("sh", ["-c", keeperScript, "sh", join(programs, "postgres"), data, folder], {
    ...identity,
    cwd: folder,
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
  });
  // Without a reader a full pipe would stop the server; the last lines tell why a start failed.
  let log = "";
  keeper.stderr.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-4_000)));
  const ended = once(keeper, "exit");
  const stop = async (): Promise<void> => {
    keeper.stdin.end();
    await ended;
  };
  const url = (database: string): string => `postgres://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`;
  try {
    await waitUntilReady(url("postgres"));
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL did not start: ${log}`, { cause: error });
  }
  let databases = 0;
  return {
    async makeDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      await runOnce(url("postgres"), `create database ${name}`);
      return url(name);
    },
    cutSessions: () => runOnce(url("postgres"), "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"),
    stop,
  };
}

function findPrograms(): string {
  const versions = existsSync(programsFolder) ? readdirSync(programsFolder) : [];
  const newest = versions
    .map((version) => ({ version: Number(version), path: join(programsFolder, version, "bin") }))
    .filter(({ path }) => existsSync(join(path, "postgres")) && existsSync(join(path, "initdb")))
    .toSorted((a, b) => b.version - a.version)[0];
  if (newest === undefined) throw new Error(`the tests need PostgreSQL's own programs below ${programsFolder}: ${aptLine}`);
  return newest.path;
}

/** PostgreSQL refuses to run as root; Debian's package brings the user for it. */
function findIdentity(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync("/etc/passwd", "utf8"))?.[0].split(":") ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`PostgreSQL does not run as root and there is no user postgres: ${aptLine}`);
  return { uid: Number(uid), gid: Number(gid) };
}

async function waitUntilReady(url: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runOnce(url, "select 1");
      return;
    } catch (error) {
      if (attempt === startAttempts) throw error;
      await sleep(25);
    }
  }
}

async function runOnce(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
