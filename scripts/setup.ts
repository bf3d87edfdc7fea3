// What `npm run demo`, `npm test` and `npm run bench` need besides npm packages: Debian's programs and our built addon.
// As root, missing packages are installed; otherwise the exact line to type is printed. See usage() for the exit codes.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

type Purpose = "demo" | "test" | "bench";

interface Need {
  readonly program: string;
  /** Debian's and Ubuntu's name of the package that brings it. */
  readonly debian: string;
  readonly purposes: readonly Purpose[];
  /** What is left out when it is missing; undefined: nothing works without it. */
  readonly without: string | undefined;
}

const everywhere: readonly Purpose[] = ["demo", "test", "bench"];

const needs: readonly Need[] = [
  { program: "g++", debian: "g++", purposes: everywhere, without: "building the data plane's addon" },
  { program: "ip", debian: "iproute2", purposes: everywhere, without: undefined },
  { program: "ping", debian: "iputils-ping", purposes: everywhere, without: undefined },
  { program: "nft", debian: "nftables", purposes: ["demo", "test"], without: undefined },
  { program: "curl", debian: "curl", purposes: ["demo", "test"], without: undefined },
  { program: "traceroute6", debian: "traceroute", purposes: ["demo", "test"], without: "the route through the tunnel" },
  { program: "iperf3", debian: "iperf3", purposes: ["demo", "test"], without: "throughput" },
  { program: "tcpdump", debian: "tcpdump", purposes: ["test"], without: "checks that look at packets on the wire" },
  { program: "postgres", debian: "postgresql", purposes: ["test"], without: "the store's tests on PostgreSQL" },
  { program: "iperf3", debian: "iperf3", purposes: ["bench"], without: undefined },
  { program: "openvpn", debian: "openvpn", purposes: ["bench"], without: "the row ayiya.tcp.vs-openvpn" },
  { program: "wireguard-go", debian: "wireguard-go", purposes: ["bench"], without: "the row ayiya.tcp.vs-wireguard-go" },
  { program: "wg", debian: "wireguard-tools", purposes: ["bench"], without: "the row ayiya.tcp.vs-wireguard-go" },
];

/** Packages whose services Debian would start, or start at the next boot. We want the program, never the service. */
const services: Readonly<Record<string, string>> = { postgresql: "postgresql.service", openvpn: "openvpn.service" };

const root = fileURLToPath(new URL("..", import.meta.url));
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const isRoot = process.getuid?.() === 0;

await main();

async function main(): Promise<void> {
  const purpose = process.argv[2];
  if (purpose === "--help" || purpose === "-h") return void process.stdout.write(`${usage()}\n`);
  if (purpose !== "demo" && purpose !== "test" && purpose !== "bench") {
    process.stderr.write(`setup: "${purpose ?? ""}" is not a purpose\n${usage()}\n`);
    process.exitCode = 2;
    return;
  }
  if (!existsSync(join(root, "node_modules", "typescript"))) return fail("node_modules is missing; run: npm ci");
  const missing = await supplyPrograms(purpose);
  const vital = missing.filter((need) => need.without === undefined);
  if (vital.length > 0 && purpose !== "test") {
    return fail(`${purpose} cannot run without ${vital.map((need) => need.program).join(", ")}`);
  }
  supplyAddon();
}

function usage(): string {
  return [
    "usage: node scripts/setup.ts demo|test|bench",
    "Checks that the programs for the purpose are here; installs what is missing when root (Debian, Ubuntu).",
    "exit: 0 ready, or ready with parts left out as printed; 1 something vital is missing; 2 wrong usage",
  ].join("\n");
}

/** Returns what is still missing afterwards. */
async function supplyPrograms(purpose: Purpose): Promise<readonly Need[]> {
  const missing = findMissing(purpose);
  if (missing.length === 0) return missing;
  const packages = [...new Set(missing.map((need) => need.debian))];
  const line = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  say(`missing for ${purpose}: ${names(missing)}`);
  if (findProgram("apt-get") === undefined) {
    say(`this system has no apt-get; Debian calls the packages: ${packages.join(" ")}`);
  } else if (isRoot) {
    await installPackages(packages);
  } else {
    say(`not root, so nothing was installed. To install it: sudo ${line}`);
  }
  const still = findMissing(purpose);
  for (const need of still) {
    say(`without ${need.program}: ${need.without === undefined ? `no ${purpose} in namespaces` : `${need.without} is left out`}`);
  }
  return still;
}

function findMissing(purpose: Purpose): readonly Need[] {
  return needs.filter((need) => need.purposes.includes(purpose) && findProgram(need.program) === undefined);
}

function findProgram(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  // Debian keeps the database server out of PATH, one folder for each version.
  if (program === "postgres" && existsSync("/usr/lib/postgresql")) {
    for (const version of readdirSync("/usr/lib/postgresql")) folders.push(`/usr/lib/postgresql/${version}/bin`);
  }
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function installPackages(packages: readonly string[]): Promise<void> {
  const allowServices = forbidServices();
  try {
    say("apt-get update");
    // A mirror that is out of reach is no reason to stop: the lists on disk may do.
    await apt(["update"]);
    say(`apt-get install ${packages.join(" ")}`);
    const status = await apt(["install", "-y", "--no-install-recommends", ...packages]);
    if (status !== 0) say(`apt-get ended with status ${String(status)}`);
  } finally {
    allowServices();
  }
  if (!existsSync("/run/systemd/system")) return;
  for (const name of packages) {
    const unit = services[name];
    if (unit !== undefined) spawnSync("systemctl", ["disable", "--quiet", "--now", unit], { stdio: "ignore" });
  }
}

/** While /usr/sbin/policy-rc.d says 101, Debian's packages start no service (Debian Policy 9.3.3). Returns the undoing. */
function forbidServices(): () => void {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return () => {};
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const undo = (): void => {
    rmSync(policy, { force: true });
    for (const signal of signals) process.off(signal, undoAndDie);
  };
  const undoAndDie = (signal: NodeJS.Signals): void => {
    undo();
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, undoAndDie);
  return undo;
}

/** Runs apt-get; prints a line for each package as it becomes ready, and the last words of a failure. */
function apt(args: readonly string[]): Promise<number | null> {
  const options = ["-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-confold"];
  const child = spawn("apt-get", [...options, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
  });
  const last: string[] = [];
  let rest = "";
  const take = (chunk: Buffer): void => {
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const ready = /^Setting up (\S+)/.exec(line);
      if (ready !== null) say(`  ${ready[1] ?? ""}`);
      last.push(line);
      if (last.length > 15) last.shift();
    }
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (status) => {
      if (status !== 0) process.stderr.write(`${last.join("\n")}\n`);
      resolve(status);
    });
  });
}

/** `npm ci` builds the addon; this is for those who installed with --ignore-scripts, got g++ only now, or changed its source. */
function supplyAddon(): void {
  const folder = join(root, "packages", "dataplane");
  if (!hasAddon(folder)) say("building the data plane's addon");
  // It does nothing when all is up to date.
  spawnSync(process.execPath, [join(folder, "build.mjs")], { cwd: folder, stdio: "inherit" });
  if (!hasAddon(folder)) fail("the data plane's addon is missing, and building it did not work");
}

function hasAddon(folder: string): boolean {
  const build = join(folder, "build");
  return existsSync(build) && readdirSync(build).some((name) => name.endsWith(".node"));
}

function names(list: readonly Need[]): string {
  return [...new Set(list.map((need) => need.program))].join(", ");
}

function say(text: string): void {
  // Standard output belongs to what runs afterwards, which may print JSON there.
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text: string): void {
  process.stderr.write(`setup: ${text}\n`);
  process.exitCode = 1;
}
