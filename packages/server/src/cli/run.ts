import { BrokerError } from "@tombolo/broker";
import { messageOf } from "@tombolo/pop";
import { accountCommands } from "../admin/account.ts";
import { creditCommands } from "../admin/credit.ts";
import { delegationCommands } from "../admin/delegation.ts";
import { eventCommands } from "../admin/event.ts";
import { latencyCommands } from "../admin/latency.ts";
import { poolCommands } from "../admin/pool.ts";
import { popCommands } from "../admin/pop.ts";
import { requestCommands } from "../admin/request.ts";
import { tunnelCommands } from "../admin/tunnel.ts";
import { watchCommands } from "../admin/tunnel-watch.ts";
import { loadSettings } from "../config/load.ts";
import { requireDatabase } from "../run/database-there.ts";
import { programs, withBroker } from "../run/programs.ts";
import { exitCodes, StartupError } from "../run/startup-error.ts";
import { UsageError, type Command, type Io } from "./command.ts";
import { formatCommandHelp, formatOverview } from "./help.ts";
import { parseCall, type ParsedCall } from "./parse.ts";
import { plainStyle, terminalStyle, type Style } from "./table.ts";

const commands: readonly Command[] = [
  ...programs,
  ...accountCommands,
  ...popCommands,
  ...poolCommands,
  ...tunnelCommands,
  ...watchCommands,
  ...delegationCommands,
  ...requestCommands,
  ...eventCommands,
  ...creditCommands,
  ...latencyCommands,
];

/** Runs one call of `tombolod`; gives its exit status and never throws. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const style = io.isTerminal ? terminalStyle : plainStyle;
  try {
    const call = parseCall(argv, commands);
    if ("help" in call)
      io.out(`${call.help === "all" ? formatOverview(call.words, commands, style) : formatCommandHelp(call.help, style)}\n`);
    else await runCall(call, io, style);
    return exitCodes.ok;
  } catch (error) {
    return complain(error, io);
  }
}

async function runCall(call: ParsedCall, io: Io, style: Style): Promise<void> {
  const { command, given, config, database, json } = call;
  const loaded = await loadSettings(config, io.environment);
  if (command.kind === "program") return command.run({ given, loaded, io });
  requireDatabase(loaded, database);
  const { settings } = loaded;
  const broker = { ...settings.broker, ...(database !== undefined && { database }) };
  return withBroker({ ...settings, broker }, async (opened) => {
    const output = await command.run(opened, given);
    io.out(json ? `${JSON.stringify(output.json, undefined, 2)}\n` : `${output.text(style)}\n`);
  });
}

/** One sentence on standard error, and the status that the help documents. */
function complain(error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    io.err(`tombolod: ${error.message}\nTry: tombolod --help\n`);
    return exitCodes.config;
  }
  if (error instanceof StartupError) {
    io.err(error.message.replace(/^/gm, "tombolod: ") + "\n");
    return exitCodes[error.kind];
  }
  if (error instanceof BrokerError) {
    io.err(`tombolod: ${error.message} (${error.code})\n`);
    return error.code === "store-busy" ? exitCodes.unreachable : exitCodes.refused;
  }
  io.err(`tombolod: this should not happen: ${messageOf(error)}\n`);
  return exitCodes.internal;
}
