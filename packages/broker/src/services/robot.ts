import { wallSec, type WallSec } from "@tombolo/base";
import type { DailyReport, Robot } from "../broker.ts";
import type { CreditDraft } from "../domain/credits.ts";
import { latencyStepSec, type LatencyStep } from "../domain/latency.ts";
import type { BrokerSettings } from "../domain/settings.ts";
import type { PopName, TunnelId } from "../domain/types.ts";
import { daySec, judgeUptime, mondayOf, type Judgement } from "../domain/uptime.ts";
import type { Repositories, TunnelUptime } from "../ports/repositories.ts";
import type { Store } from "../ports/store.ts";
import { makeCharge } from "./charging.ts";
import { lockAccount } from "./refusals.ts";
import { changeState } from "./tunnel-changes.ts";

export interface RobotNeeds {
  readonly store: Store;
  readonly settings: BrokerSettings;
}

/** Rows folded or forgotten, and tunnels judged, in one transaction: short enough that users do not wait. */
const pageRows = 5_000;
const pageTunnels = 500;

/** How far back weeks are looked for that were not credited, because a broker or its PoPs were away. */
const lookBackSec = 35 * daySec;

const deadText = "its static endpoint did not answer for seven days";

export function makeRobot({ store, settings }: RobotNeeds): Robot {
  const plan = settings.credits;
  return {
    async rollUp(now) {
      let folded = 0;
      for (const [from, to] of [
        ["5min", "hour"],
        ["hour", "day"],
      ] as const) {
        folded += await inPages(() => store.write(({ latency }) => latency.fold({ from, to, limit: pageRows })));
      }
      let forgotten = 0;
      for (const [step, above] of [
        ["5min", "hour"],
        ["hour", "day"],
        ["day", "day"],
      ] as const) {
        const before = cutAt(now - settings.latencyKeptSec[step], above);
        forgotten += await inPages(() => store.write(({ latency }) => latency.forget({ step, before, limit: pageRows })));
      }
      return { folded, forgotten };
    },

    async runDaily(now) {
      if (!plan.enabled) return { goodWeeks: 0, deadDays: 0, deadWeeks: 0, disabled: 0 };
      await store.write(({ credits }) => credits.addSignups({ at: now, amount: plan.amounts.signup }));
      const total = { goodWeeks: 0, deadDays: 0, deadWeeks: 0, disabled: 0 };
      let after: TunnelId | undefined;
      do {
        const page = await judgePage(store, { after, now });
        const drafts = page.judged.map((one) => makeDrafts(settings, one, now));
        total.goodWeeks += await credit(
          store,
          drafts.flatMap((draft) => draft.goodWeeks),
        );
        total.deadDays += await credit(
          store,
          drafts.flatMap((draft) => draft.deadDays),
        );
        total.deadWeeks += await credit(
          store,
          drafts.flatMap((draft) => draft.deadWeeks),
        );
        for (const { tunnel, judgement } of plan.disableDeadStatic ? page.judged : []) {
          if (judgement.isDead && (await disableDead(store, { tunnel, now, settings }))) total.disabled += 1;
        }
        after = page.last;
      } while (after !== undefined);
      return total satisfies DailyReport;
    },
  };
}

/** Whole steps above stay whole: what is cut was folded with all of its neighbours. */
function cutAt(sec: number, above: LatencyStep): WallSec {
  return wallSec(Math.max(0, sec - (sec % latencyStepSec[above])));
}

async function inPages(run: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const done = await run();
    total += done;
    if (done < pageRows) return total;
  }
}

interface JudgedTunnel {
  readonly tunnel: TunnelUptime;
  readonly judgement: Judgement;
}

async function judgePage(
  store: Store,
  { after, now }: { readonly after: TunnelId | undefined; readonly now: WallSec },
): Promise<{ readonly judged: readonly JudgedTunnel[]; readonly last: TunnelId | undefined }> {
  const from = wallSec(Math.max(0, mondayOf(now - lookBackSec)));
  const { uptimes, starts, deadFrom } = await store.read(async ({ latency, credits, pops }) => {
    const found = await latency.listUptimes({ after, from, limit: pageTunnels });
    return {
      uptimes: found,
      starts: await credits.listSignups([...new Set(found.map((tunnel) => tunnel.handle))]),
      deadFrom: await findDeadFrom(pops),
    };
  });
  const judged = uptimes.map((tunnel) => {
    const since = wallSec(Math.max(tunnel.createdAt, starts.get(tunnel.handle) ?? 0));
    const options = { since, deadFrom: deadFrom.get(tunnel.pop) ?? now, now };
    return { tunnel, judgement: judgeUptime(tunnel.days, options) };
  });
  return { judged, last: uptimes.length < pageTunnels ? undefined : uptimes.at(-1)?.tunnel };
}

/** From when on a PoP's silence is its clients' own: it has been up since. Of one that is down, never. */
async function findDeadFrom(pops: Repositories["pops"]): Promise<ReadonlyMap<PopName, WallSec>> {
  return new Map((await pops.list()).flatMap((pop) => (pop.state === "up" ? [[pop.name, pop.stateSince] as const] : [])));
}

interface Drafts {
  readonly goodWeeks: readonly CreditDraft[];
  readonly deadDays: readonly CreditDraft[];
  readonly deadWeeks: readonly CreditDraft[];
}

/** Whatever was credited before is left out by the ledger itself. */
function makeDrafts({ credits: plan }: BrokerSettings, { tunnel, judgement }: JudgedTunnel, at: WallSec): Drafts {
  const draft = (kind: "good-week" | "dead-day" | "dead-week", periods: readonly WallSec[]): CreditDraft[] =>
    periods.flatMap((period) => makeCharge(plan, kind, { at, handle: tunnel.handle, tunnel: tunnel.tunnel, period }) ?? []);
  const { goodWeeks, deadDays, deadWeeks } = judgement;
  const penal = tunnel.isStatic && tunnel.isEnabled;
  return {
    goodWeeks: draft("good-week", goodWeeks),
    deadDays: penal ? draft("dead-day", deadDays) : [],
    deadWeeks: penal ? draft("dead-week", deadWeeks) : [],
  };
}

async function credit(store: Store, drafts: readonly CreditDraft[]): Promise<number> {
  return drafts.length === 0 ? 0 : store.write(({ credits }) => credits.add(drafts));
}

/** False when the tunnel is not what it was when it was judged. */
async function disableDead(
  store: Store,
  { tunnel: judged, now, settings }: { readonly tunnel: TunnelUptime; readonly now: WallSec; readonly settings: BrokerSettings },
): Promise<boolean> {
  if (!judged.isStatic || !judged.isEnabled) return false;
  return store.write(async (repositories) => {
    await lockAccount(repositories.accounts, judged.handle);
    const tunnel = await repositories.tunnels.lock(judged.tunnel);
    if (tunnel?.encapsulation !== "6in4" || tunnel.adminState === "disabled") return false;
    await changeState(repositories, tunnel, { side: "adminState", state: "disabled", why: deadText, at: now, settings });
    return true;
  });
}
