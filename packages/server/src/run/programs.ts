import type { Broker } from "@tombolo/broker";
import type { Log } from "@tombolo/pop";
import type { Io, ProgramCommand, ProgramContext } from "../cli/command.ts";
import { formatTable, plainStyle, terminalStyle } from "../cli/table.ts";
import { localDoor, openAgent, openDoors, remoteDoor, type OpenedDoors } from "../compose.ts";
import type { PolicySections } from "../config/policy.ts";
import type { Settings } from "../config/settings.ts";
import { openJobs, type Jobs } from "../jobs/jobs.ts";
import { makeLog } from "../log/log.ts";
import { systemTimers, systemWall } from "../platform/clocks.ts";
import { systemRandom } from "../platform/crypto.ts";
import { openKeyedBroker } from "./keyed-broker.ts";
import { ensurePop } from "./first-start.ts";
import { aborted, notifySystemd } from "./notify.ts";

export const programs: readonly ProgramCommand[] = [
  {
    kind: "program",
    words: ["serve"],
    operands: [],
    about: "Run broker and PoP in one process; makes what is missing on the first start.",
    options: {},
    examples: ["serve", "serve --config /etc/tombolo/tombolo.toml"],
    run: serve,
  },
  {
    kind: "program",
    words: ["broker"],
    operands: [],
    about: "Run a broker without a PoP.",
    options: {},
    examples: ["broker --config /etc/tombolo/tombolo.toml"],
    run: runBroker,
  },
  {
    kind: "program",
    words: ["pop"],
    operands: [],
    about: "Run a PoP of a broker elsewhere (pop.broker-url, pop.token-file).",
    options: {},
    examples: ["pop --config /etc/tombolo/tombolo.toml"],
    run: runPop,
  },
  {
    kind: "program",
    words: ["check-config"],
    operands: [],
    about: "Check the settings and print them as they are in effect.",
    options: { json: { about: "as JSON" } },
    examples: ["check-config", "check-config --config ./tombolo.toml --json"],
    run: checkConfig,
  },
];

async function serve({ loaded, io }: ProgramContext): Promise<void> {
  const { settings } = loaded;
  const log = logFor(settings, io);
  const opened = await openKeyedBroker(settings);
  await using _broker = closedAtEnd(opened);
  const first = settings.pop.enabled ? await ensurePop(opened.broker, settings) : undefined;
  const token = Buffer.from(systemRandom(32)).toString("hex");
  const local = first && { pop: first.pop.name, token };
  const doors = await openDoors({ settings, broker: opened.broker, log, local });
  await using _doors = closedAtEnd(doors);
  sayOpened(settings, doors, { io, log, made: [...opened.made, ...(first?.made ?? [])] });
  // Closed before the doors: they take its last observations.
  await using _agent = closedAtEnd(first && (await openAgent(settings.pop, localDoor(doors.app, token), log)));
  await using _jobs = closedAtEnd(openBrokerJobs(opened.broker, log));
  await untilStopped(io, log);
}

async function runBroker({ loaded, io }: ProgramContext): Promise<void> {
  const { settings } = loaded;
  const log = logFor(settings, io);
  const opened = await openKeyedBroker(settings);
  await using _broker = closedAtEnd(opened);
  const doors = await openDoors({ settings, broker: opened.broker, log, local: undefined });
  await using _doors = closedAtEnd(doors);
  sayOpened(settings, doors, { io, log, made: opened.made });
  await using _jobs = closedAtEnd(openBrokerJobs(opened.broker, log));
  await untilStopped(io, log);
}

async function runPop({ loaded, io }: ProgramContext): Promise<void> {
  const log = logFor(loaded.settings, io);
  await using _agent = closedAtEnd(await openAgent(loaded.settings.pop, await remoteDoor(loaded.settings.pop), log));
  await untilStopped(io, log);
}

async function checkConfig({ loaded, given, io }: ProgramContext): Promise<void> {
  if (loaded.settings.pop.tokenFile !== undefined) await remoteDoor(loaded.settings.pop);
  if (given.has("json")) {
    io.out(`${JSON.stringify({ file: loaded.file ?? null, settings: loaded.effective }, undefined, 2)}\n`);
    return;
  }
  const rows = loaded.effective.map(({ field, value, from }) => [field, JSON.stringify(value), from]);
  io.out(`${loaded.file === undefined ? "No file: the defaults hold." : `${loaded.file} is right.`}\n\n`);
  io.out(`${formatTable(["SETTING", "VALUE", "FROM"], rows, io.isTerminal ? terminalStyle : plainStyle)}\n`);
}

/** The broker's work as time passes. */
function openBrokerJobs({ robot }: Broker, log: Log): Jobs {
  return openJobs({ robot, wall: systemWall, timers: systemTimers, log });
}

async function untilStopped(io: Io, log: Log): Promise<void> {
  await notifySystemd(io.environment, "--ready");
  await aborted(io.stop);
  log({ level: "info", event: "server.stopping" });
  await notifySystemd(io.environment, "--stopping");
}

/** For `await using`: what was opened is closed when its block is left, in whatever way, the last opened first. */
function closedAtEnd(opened: { close(): Promise<void> } | undefined): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => opened?.close() };
}

function logFor(settings: Settings, io: Io): Log {
  const { level, format } = settings.log;
  const chosen = format === "auto" ? (io.logsToTerminal ? "text" : "json") : format;
  return makeLog({ level, format: chosen, wall: systemWall, write: (line) => io.err(line) });
}

function sayOpened(
  settings: Settings,
  doors: OpenedDoors,
  { io, log, made }: { readonly io: Io; readonly log: Log; readonly made: readonly string[] },
): void {
  const { tic, http, pop } = settings;
  for (const what of made) log({ level: "info", event: "server.made", what });
  if (doors.ticPort !== undefined) log({ level: "info", event: "server.door.open", door: "tic", address: tic.listen, port: doors.ticPort });
  log({ level: "info", event: "server.door.open", door: "http", address: http.listen, port: doors.httpPort });
  if (!io.isTerminal || made.length === 0) return;
  io.out(
    [
      "First start. Made:",
      ...made.map((what) => `  ${what}`),
      "Next, in another window:",
      "  tombolod admin account add --name 'Your Name' --email you@example.net",
      `  tombolod admin tunnel add HANDLE --pop ${pop.name}`,
      "and on a client, with that handle and access key:",
      "  tombolo up",
      "",
    ].join("\n"),
  );
}

/** For commands over the database; they work beside a running broker. */
export async function withBroker(settings: PolicySections, use: (broker: Broker) => Promise<void>): Promise<void> {
  const opened = await openKeyedBroker(settings);
  await using _broker = closedAtEnd(opened);
  await use(opened.broker);
}
