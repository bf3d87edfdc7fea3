import { endProcess } from "../commands/down.ts";
import { readText } from "../config/files.ts";
import { makeLinuxPlatform } from "../platform/linux.ts";
import { listBrokers, makeLookUpTxt, readSearchDomains } from "./brokers.ts";
import { formatConfWarning, parseAiccuConf, type AiccuConf } from "./conf.ts";
import { findRunning, type AiccuStart, type Environment } from "./instance.ts";
import type { AiccuIo } from "./io.ts";
import { runCheck } from "./run-check.ts";
import { start } from "./start.ts";
import { test } from "./test-run.ts";
import { listTunnels } from "./tic-talk.ts";
import { readAiccuSettings } from "./wishes.ts";
import { alreadyRunning, formatAiccuLine, license, notOpened, usage, versionLine } from "./words.ts";

const defaultPath = "/etc/aiccu.conf";
const words = ["start", "stop", "brokers", "tunnels", "test", "autotest", "license", "version"] as const;
type Word = (typeof words)[number];

/** aiccu's only exit statuses. */
const aiccuExit = { done: 0, failed: 255 } as const;

/** `tombolo aiccu`: `args` is what follows. Answers the exit status. */
export async function runAiccu(args: readonly string[], environment: Environment, io: AiccuIo): Promise<number> {
  const word = words.find((known) => known === args[0]?.toLowerCase());
  if (word === undefined || args.length > 2) {
    io.log(usage);
    return aiccuExit.failed;
  }
  return (await obey(word, args[1] ?? defaultPath, environment, io)) ? aiccuExit.done : aiccuExit.failed;
}

async function obey(word: Word, configPath: string, environment: Environment, io: AiccuIo): Promise<boolean> {
  switch (word) {
    case "license":
      io.out(license);
      return true;
    case "version":
      io.out(versionLine);
      return true;
    case "brokers":
      return showBrokers(io);
    default:
      return withConf(word, configPath, environment, io);
  }
}

async function withConf(
  word: "start" | "stop" | "tunnels" | "test" | "autotest",
  configPath: string,
  environment: Environment,
  io: AiccuIo,
): Promise<boolean> {
  const conf = loadConf(configPath, io);
  if (conf === undefined) return false;
  if (word === "stop") return stop(conf, io);
  // Pristine aiccu also refuses `tunnels` while it runs; Debian's does not, and nothing speaks against a list.
  if (word === "start" && findRunning(conf.pidfile) !== undefined) {
    io.log(alreadyRunning);
    return true;
  }
  const settings = readAiccuSettings(conf);
  if (!settings.ok) {
    io.log(settings.reason);
    return false;
  }
  const wish: AiccuStart = { conf, settings: settings.value, environment, configPath };
  switch (word) {
    case "start":
      return start(wish, io);
    case "tunnels": {
      const tunnels = await listTunnels({ settings: settings.value, verbose: conf.verbose, io });
      if (tunnels.ok) for (const line of tunnels.value) io.out(formatAiccuLine(line));
      return tunnels.ok;
    }
    case "test":
    case "autotest":
      return test(wish, word === "test" ? "asks" : "automatic", runCheck, io);
  }
}

function loadConf(path: string, io: AiccuIo): AiccuConf | undefined {
  const text = readText(path);
  if (text === undefined) {
    io.log(notOpened(path));
    return undefined;
  }
  const { conf, warnings } = parseAiccuConf(text.text);
  for (const warning of warnings) io.log(formatConfWarning(warning, path));
  if (text.shared && conf.password !== undefined)
    io.log(`Everybody on this host can read the password in ${path}; run "chmod 600 ${path}"`);
  return conf;
}

/** Ends the one that runs and waits until its interface is gone; without one, what a killed one left is removed. No login is needed. */
async function stop(conf: AiccuConf, io: AiccuIo): Promise<boolean> {
  const running = findRunning(conf.pidfile);
  if (running === undefined) {
    await makeLinuxPlatform().removeLeftover(conf.ipv6_interface);
    return true;
  }
  try {
    process.kill(running.pid, "SIGTERM");
  } catch {
    io.log(`Process ${running.pid} could not be ended: run this as root`);
    return false;
  }
  const ended = await endProcess(running);
  io.log(ended ? alreadyRunning : `Process ${running.pid} did not end in time`);
  return ended;
}

async function showBrokers(io: AiccuIo): Promise<boolean> {
  const { lines, warning } = await listBrokers(readSearchDomains("/etc/resolv.conf"), makeLookUpTxt());
  for (const line of lines) io.out(line);
  if (warning !== undefined) io.log(warning);
  return true;
}
