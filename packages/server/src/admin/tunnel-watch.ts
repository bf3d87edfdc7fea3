import { BrokerError, type TunnelId } from "@tombolo/broker";
import type { TunnelReport } from "@tombolo/pop";
import { UsageError, type Given, type ProgramCommand, type ProgramContext } from "../cli/command.ts";
import { plainStyle, terminalStyle } from "../cli/table.ts";
import { controlSocketOf } from "../config/control-socket.ts";
import type { Settings } from "../config/settings.ts";
import { isDatabaseThere } from "../run/database-there.ts";
import { withBroker } from "../run/programs.ts";
import { StartupError } from "../run/startup-error.ts";
import { readTunnelId, readWhole } from "./arguments.ts";
import { findPopAnswer, refusalOf, watchPop } from "./at-pop.ts";
import { itemOutput } from "./outputs.ts";
import { lineOfDecision, textOfTotals, textOfTunnel } from "./pop-views.ts";
import { viewTunnel, type TunnelView } from "./views.ts";

const machine = { json: { about: "answer as JSON" } } as const;
const traceSecDefault = 60;
const traceSecMax = 600;

/** Commands about what a PoP sees: they need the PoP's control socket, and `show` takes the broker's database too where there is one. */
export const watchCommands: readonly ProgramCommand[] = [
  {
    kind: "program",
    words: ["admin", "tunnel", "show"],
    operands: ["TUNNEL"],
    about: "Show a tunnel; on its PoP's host also its state, latency and errors there.",
    options: { ...machine, database: { value: "DB", about: "another database than the settings name" } },
    examples: ["admin tunnel show T1001", "admin tunnel show T1001 --json"],
    run: showTunnel,
  },
  {
    kind: "program",
    words: ["admin", "tunnel", "trace"],
    operands: ["TUNNEL"],
    about: "Print each decision about a tunnel's packets as it happens (on its PoP's host).",
    options: { ...machine, seconds: { value: "N", about: `how long; default ${traceSecDefault}, at most ${traceSecMax}` } },
    examples: ["admin tunnel trace T1001", "admin tunnel trace T1001 --seconds 300 --json"],
    run: traceTunnel,
  },
  {
    kind: "program",
    words: ["admin", "pop", "drops"],
    operands: [],
    about: "What the PoP on this host did not carry, by reason.",
    options: machine,
    examples: ["admin pop drops"],
    run: showDrops,
  },
];

async function showTunnel({ given, loaded, io }: ProgramContext): Promise<void> {
  const { settings } = loaded;
  const id = readTunnelId(given.operand(0));
  const [known, atPop] = [await findAtBroker(settings, given, id), await findAtPop(settings, id)];
  if (known === undefined && atPop === undefined) {
    throw new StartupError(
      "unreachable",
      `no broker's database and no PoP that has ${id} on this host: run this on the broker's or the PoP's`,
    );
  }
  if (given.has("json")) return io.out(`${JSON.stringify({ ...known, atPop: atPop ?? null }, undefined, 2)}\n`);
  const style = io.isTerminal ? terminalStyle : plainStyle;
  const parts = [
    ...(known === undefined ? [] : [itemOutput(known).text(style)]),
    atPop === undefined ? `For its state and errors run this on the PoP ${known?.pop ?? ""}.` : textOfTunnel(atPop, style),
  ];
  return io.out(`${parts.join("\n\n")}\n`);
}

/** Undefined where this host has no broker: a PoP's host must not get a database just because somebody asked. */
async function findAtBroker(settings: Settings, given: Given, id: TunnelId): Promise<TunnelView | undefined> {
  const database = given.option("database") ?? settings.broker.database;
  if (!isDatabaseThere(database)) return undefined;
  let view: TunnelView | undefined;
  await withBroker({ ...settings, broker: { ...settings.broker, database } }, async (broker) => {
    view = viewTunnel(await broker.tunnels.get(id));
  });
  return view;
}

/** Undefined when no PoP runs here, or one that does not have the tunnel. */
async function findAtPop({ pop }: Settings, id: TunnelId): Promise<TunnelReport | undefined> {
  const answer = await findPopAnswer(pop, { command: "show", tunnel: numberOf(id) });
  if (answer === "absent" || !("show" in answer)) return undefined;
  return answer.show;
}

async function traceTunnel({ given, loaded, io }: ProgramContext): Promise<void> {
  const { settings } = loaded;
  const id = readTunnelId(given.operand(0));
  const seconds = readSeconds(given.option("seconds"));
  const json = given.has("json");
  if (!json && io.isTerminal) io.out(`Tracing ${id} for ${seconds} seconds; Ctrl-C ends it.\n`);
  const end = await watchPop(
    settings.pop,
    { command: "trace", tunnel: numberOf(id), seconds },
    {
      take: (decision) => io.out(`${json ? JSON.stringify(decision) : lineOfDecision(decision)}\n`),
      stop: io.stop,
    },
  );
  if (end === "absent") throw await absence(settings, given, id);
  if (end === "tunnel-gone") throw new StartupError("refused", `${id} was removed, or its PoP ended`);
}

function readSeconds(text: string | undefined): number {
  const seconds = text === undefined ? traceSecDefault : readWhole(text, "seconds");
  if (seconds < 1 || seconds > traceSecMax) throw new UsageError(`--seconds takes 1 to ${traceSecMax}, not ${seconds}`);
  return seconds;
}

async function showDrops({ given, loaded, io }: ProgramContext): Promise<void> {
  const { pop } = loaded.settings;
  const answer = await findPopAnswer(pop, { command: "totals" });
  if (answer === "absent") throw new StartupError("unreachable", `no PoP answers at ${controlSocketOf(pop)}: run this on a PoP's host`);
  if (!("totals" in answer)) throw refusalOf("error" in answer ? answer.error : "", "");
  io.out(
    given.has("json")
      ? `${JSON.stringify(answer.totals, undefined, 2)}\n`
      : `${textOfTotals(answer.totals, io.isTerminal ? terminalStyle : plainStyle)}\n`,
  );
}

/** Names the PoP whose host is the right one, where the broker can tell. */
async function absence(settings: Settings, given: Given, id: TunnelId): Promise<StartupError> {
  const known = await findAtBroker(settings, given, id).catch((error: unknown) => {
    if (error instanceof BrokerError || error instanceof StartupError) return undefined;
    throw error;
  });
  const where = known === undefined ? "its PoP's host" : `the PoP ${known.pop}`;
  return new StartupError("unreachable", `no PoP answers at ${controlSocketOf(settings.pop)}: run this on ${where}`);
}

function numberOf(id: TunnelId): number {
  return Number(id.slice(1));
}
