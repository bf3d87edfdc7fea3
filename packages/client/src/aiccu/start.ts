import { describeFailure } from "../failure/describe.ts";
import { startInBackground } from "../run/background.ts";
import { findObstacle, runInstance, type InstanceSettings } from "../run/instance.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import { makeGrant } from "../tic/login.ts";
import { formatIpv4 } from "@tombolo/base";
import { formatTicEndpoint } from "../tic/grant.ts";
import type { AiccuIo } from "./io.ts";
import { describeRun, findRunning, makeInstance, type AiccuStart } from "./instance.ts";
import { fetchTunnel } from "./tic-talk.ts";
import { formatTunnelInformation, retrieved } from "./words.ts";

/** `aiccu start`: true when it runs in the background, or was ended as asked. */
export async function start(wish: AiccuStart, io: AiccuIo): Promise<boolean> {
  const obstacle = await findObstacle(makeInstance(wish, undefined).paths);
  if (obstacle !== undefined) {
    io.log(describeFailure(obstacle));
    return false;
  }
  // As a service it waits for what is not there yet, rather than to be started again and again: SixXS blocked such clients.
  const waits = wish.environment["TOMBOLO_KEEP_TRYING"] === "yes";
  const grant = waits ? undefined : await retrieve(wish, io);
  if (grant === undefined && !waits) return false;
  const instance = makeInstance(wish, grant);
  return wish.conf.daemonize ? daemonize(instance, wish, io) : stay(instance, io);
}

/** Logs in, picks the tunnel and says so; why there is none was printed. */
export async function retrieve(wish: AiccuStart, io: AiccuIo): Promise<TunnelGrant | undefined> {
  const { conf, settings } = wish;
  const fetched = await fetchTunnel({ settings, verbose: conf.verbose, io });
  if (!fetched.ok) return undefined;
  const { tunnel, delegations } = fetched.value;
  io.log(retrieved(tunnel.id));
  if (settings.localIpv4 !== undefined) {
    const before = formatTicEndpoint(tunnel.ipv4Endpoint);
    io.log(`Overriding Local IPv4 address from ${before} to ${formatIpv4(settings.localIpv4)}`);
  }
  if (conf.verbose) io.out(formatTunnelInformation(tunnel));
  const grant = makeGrant(tunnel, delegations);
  if (grant.ok) return grant.value;
  io.log(describeFailure(grant.reason));
  return undefined;
}

async function stay(instance: InstanceSettings, io: AiccuIo): Promise<boolean> {
  const problem = await runInstance(instance, (note) => {
    const text = describeRun(instance, note);
    if (text !== undefined) io.log(text);
  });
  if (problem !== undefined) io.log(describeFailure(problem));
  return problem === undefined;
}

async function daemonize(instance: InstanceSettings, wish: AiccuStart, io: AiccuIo): Promise<boolean> {
  const outcome = await startInBackground(instance, (note) => {
    const text = describeRun(instance, note);
    if (text !== undefined) io.log(text);
  });
  if (!outcome.ok) {
    io.log(describeFailure(outcome.reason));
    return false;
  }
  const running = findRunning(wish.conf.pidfile);
  if (running !== undefined) io.log(`AICCU running as PID ${running.pid}`);
  if (outcome.value === "trying") io.log(`Not up yet: it goes on in the background and writes to ${instance.paths.logFile}`);
  return true;
}
