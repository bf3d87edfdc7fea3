import { formatIpv4, formatIpv6 } from "@tombolo/base";
import { describeFailure } from "../failure/describe.ts";
import { runInstance, findObstacle } from "../run/instance.ts";
import { findSourceAddress } from "../run/source-address.ts";
import type { TunnelGrant } from "../tic/grant.ts";
import { formatVerdict, judge, makeChecks, type Check, type CheckRun } from "./checks.ts";
import { makeInstance, type AiccuStart } from "./instance.ts";
import type { AiccuIo } from "./io.ts";
import { retrieve } from "./start.ts";
import { setupFailed } from "./words.ts";

export type RunCheck = (check: Check, show: (text: string) => void) => Promise<CheckRun>;

/**
 * `aiccu test` and `autotest`: sets the tunnel up (one that runs already is used), runs the eight checks, tears it down again. True when
 * the six checks up to the PoP worked; those beyond it are shown, and are nobody's fault here.
 */
export async function test(wish: AiccuStart, mode: "asks" | "automatic", run: RunCheck, io: AiccuIo): Promise<boolean> {
  const instance = makeInstance(wish, undefined);
  const obstacle = await findObstacle(instance.paths);
  const isRunning = obstacle?.code === "already-running";
  if (obstacle !== undefined && !isRunning) {
    io.log(describeFailure(obstacle));
    return false;
  }
  const grant = await retrieve(wish, io);
  if (grant === undefined) return false;
  if (isRunning) return runChecks(await checksOf(wish, grant), { mode, run, io });
  return within(wish, grant, io, async () => runChecks(await checksOf(wish, grant), { mode, run, io }));
}

/** Runs `work` while the tunnel is up, proven or not: finding out why not is what the checks are for. */
async function within(wish: AiccuStart, grant: TunnelGrant, io: AiccuIo, work: () => Promise<boolean>): Promise<boolean> {
  const instance = makeInstance(wish, grant);
  const ready = Promise.withResolvers<boolean>();
  const abort = new AbortController();
  const run = runInstance(
    instance,
    (note) => {
      if (note.kind === "proven" || note.kind === "silent" || note.kind === "beating") ready.resolve(true);
    },
    abort.signal,
  );
  void run.then(() => ready.resolve(false));
  const worked = (await ready.promise) && (await work());
  abort.abort();
  const problem = await run;
  if (problem !== undefined) {
    io.log(describeFailure(problem));
    io.log(setupFailed);
  }
  return worked && problem === undefined;
}

async function checksOf(wish: AiccuStart, grant: TunnelGrant): Promise<readonly Check[]> {
  const source = wish.settings.localIpv4 ?? (await findSourceAddress(grant.popIpv4));
  return makeChecks({
    outerLocal: formatIpv4(source ?? grant.popIpv4),
    outerPop: formatIpv4(grant.popIpv4),
    innerLocal: formatIpv6(grant.clientAddress),
    innerPop: formatIpv6(grant.popAddress),
    hosts: [wish.conf.test_host, wish.conf.second_test_host],
  });
}

interface Session {
  readonly mode: "asks" | "automatic";
  readonly run: RunCheck;
  readonly io: AiccuIo;
}

export async function runChecks(checks: readonly Check[], { mode, run, io }: Session): Promise<boolean> {
  io.out("#######\n####### AICCU Quick Connectivity Test\n#######\n");
  let worked = true;
  for (const check of checks) {
    io.out(check.heading.join("\n"));
    const verdict = judge(check, await run(check, (text) => io.write(text)));
    worked &&= verdict.worked || check.isBeyond;
    io.out(`\n${formatVerdict(verdict)}\n\n######\n`);
    if (mode === "automatic") continue;
    const answer = await io.ask("Did this work? [Y/n] ");
    // As in aiccu: who says no has found the place, and the checks behind it would only say it again.
    if (answer === undefined || /^n/i.test(answer)) return false;
    io.out("");
  }
  io.out("###### ACCU Quick Connectivity Test (done)\n");
  io.out("### Either the above all works and gives no problems\n### or it shows you where what goes wrong");
  return worked;
}
