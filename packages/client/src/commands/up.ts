import type { Command, CommandContext } from "../cli/command.ts";
import { readLoginSettings } from "../config/login.ts";
import type { Settings } from "../config/settings.ts";
import { failure, success, type Result } from "@tombolo/base";
import type { Failure } from "../failure/failure.ts";
import { describeNote, formatNote } from "../report/notes.ts";
import { startInBackground } from "../run/background.ts";
import type { RunNote } from "../run/client-run.ts";
import { findObstacle, runInstance, type InstanceSettings } from "../run/instance.ts";
import { nameLogin } from "../run/name-login.ts";
import { pathsOf } from "../run/paths.ts";

export const upCommand: Command = {
  name: "up",
  summary: "bring the tunnel up and keep it up",
  about:
    "Logs in to the broker, makes the interface with its address, MTU and default route, and proves that the PoP answers through the tunnel.\nThen it stays, follows this host's changes of IPv4 address, and takes everything down again at Ctrl-C or SIGTERM.",
  settings: ["server", "user", "key-file", "tls", "tunnel", "device", "default-route", "metric", "keep-trying", "logfile", "run-dir"],
  switches: { background: "go on in the background once the tunnel is proven, and end with 0" },
  examples: [
    ["tombolo up --server tic.example.net --user ABC1-TMB --key-file ~/.tombolo-key", "without a configuration file"],
    ["tombolo up", "with the settings of the configuration file, until Ctrl-C"],
    ["tombolo up --background", "the same, and the shell is free again when IPv6 works"],
    [
      "pass show tombolo | tombolo up --key-file - --no-default-route",
      "the key from a password manager; only the tunnel's own prefix is routed",
    ],
  ],
  async run(context) {
    const settings = readInstanceSettings(context.settings);
    if (!settings.ok) return settings.reason;
    const tell = (note: RunNote): void => report(context, settings.value, note);
    if (!context.args.switches.has("background")) return runInstance(settings.value, tell);
    const obstacle = await findObstacle(settings.value.paths);
    if (obstacle !== undefined) return obstacle;
    const outcome = await startInBackground(settings.value, tell);
    if (!outcome.ok) return outcome.reason;
    if (outcome.value === "trying" && !context.json) {
      context.line({ text: `Not up yet: tombolo goes on in the background and writes to ${settings.value.paths.logFile}.`, mood: "bad" });
    }
    return undefined;
  },
};

function report(context: CommandContext, settings: InstanceSettings, note: RunNote): void {
  if (context.json) context.out(JSON.stringify(describeNote(note)));
  else context.line(formatNote(note, nameLogin(settings.login)));
}

function readInstanceSettings(settings: Settings): Result<InstanceSettings, Failure> {
  const login = readLoginSettings(settings);
  if (!login.ok) return failure(login.reason);
  const { values } = settings;
  return success({
    login: login.value,
    tunnel: values.tunnel,
    defaultRouteMetric: values["default-route"] === false ? undefined : values.metric,
    keepTrying: values["keep-trying"] === true,
    paths: pathsOf(settings),
  });
}
