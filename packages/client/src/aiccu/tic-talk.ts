import { failure, success, type Result } from "@tombolo/base";
import type { TicOutcome, TicTunnelLine } from "@tombolo/protocols";
import { describeFailure } from "../failure/describe.ts";
import { monotonicClock as monotonic, wallClock as wall } from "../run/clocks.ts";
import { askTic } from "../tic/login.ts";
import { noTls } from "../tic/start-tls.ts";
import type { AiccuIo } from "./io.ts";
import { aborting, formatOutcome, tlsMissing } from "./words.ts";
import type { AiccuSettings } from "./wishes.ts";

interface Talk {
  readonly settings: AiccuSettings;
  readonly verbose: boolean;
  readonly io: AiccuIo;
}

/** The user's tunnels; the failure was printed. */
export async function listTunnels(talk: Talk): Promise<Result<readonly TicTunnelLine[], "printed">> {
  const outcome = await ask(talk, { kind: "list" });
  if (outcome.ok && outcome.value.kind === "tunnels") return success(outcome.value.tunnels);
  return failure("printed");
}

/** The tunnel that is meant, whole; why there is none was printed as aiccu prints it. */
export async function fetchTunnel(talk: Talk): Promise<Result<Extract<TicOutcome, { kind: "tunnel" }>, "printed">> {
  const { tunnel } = talk.settings;
  const outcome = await ask(talk, { kind: "show", id: tunnel === undefined ? undefined : `T${tunnel}` });
  if (outcome.ok && outcome.value.kind === "tunnel") return success(outcome.value);
  // A disabled tunnel was retrieved, so that sentence would be wrong.
  if (!outcome.ok || outcome.value.kind !== "tunnel-disabled") talk.io.log(aborting);
  return failure("printed");
}

async function ask(talk: Talk, wish: Parameters<typeof askTic>[1]): Promise<Result<TicOutcome, "printed">> {
  const { settings, verbose, io } = talk;
  const { host } = settings.login.server;
  const last = { sent: "", received: "" };
  const trace = (direction: "sent" | "received", line: string): void => {
    last[direction] = line;
    if (verbose) io.log(`${direction === "sent" ? "sock_printf" : "sock_getline"}() : "${line}"`);
  };
  let shown: string | undefined;
  const watch = (direction: "sent" | "received", line: string): void => {
    trace(direction, line);
    if (direction === "sent") shown = /^tunnel show (\S+)/.exec(line)?.[1] ?? shown;
  };
  const outcome = await askTic({ ...settings.login, monotonic, wall, trace: watch }, wish, new AbortController().signal);
  if (outcome.ok) {
    for (const line of formatOutcome(outcome.value, { server: host, tunnel: shown, lastLine: last.received })) io.log(line);
    return success(outcome.value);
  }
  const { reason } = outcome;
  if (reason.code === "server-unreachable") io.log(`Couldn't connect to the TIC server ${host}`);
  io.log(reason.code === "server-refused" && reason.message === noTls ? tlsMissing : describeFailure(reason));
  return failure("printed");
}
