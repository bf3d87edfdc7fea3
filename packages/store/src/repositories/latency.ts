import { setImmediate as letOthersRun } from "node:timers/promises";
import { wallSec } from "@tombolo/base";
import {
  latencyStepSec,
  makeTunnelId,
  numberOfId,
  type DayUptime,
  type LatencyPoint,
  type LatencyRepository,
  type LatencyRound,
  type TunnelUptime,
} from "@tombolo/broker";
import { sql } from "kysely";
import { chunk, type Scope } from "./scope.ts";

/** A row's `fresh`: not in the next step yet, on its way there in this transaction, or settled. */
const freshness = { fresh: 1, folding: 2, settled: 0 } as const;

const fineSec = latencyStepSec["5min"];

export function makeLatencyRepository(scope: Scope): LatencyRepository {
  const { trx } = scope;
  return {
    async take(rounds) {
      for (const layer of inLayers(rounds)) for (const some of chunk(layer)) await takeLayer(scope, some);
    },

    async fold({ from, to, limit }) {
      // A broker's process stands still while SQLite works; between two pages it gets its turn.
      await letOthersRun();
      const [fromSec, toSec] = [latencyStepSec[from], latencyStepSec[to]];
      const { numAffectedRows } = await sql`update latency set fresh = ${freshness.folding}
        where fresh = ${freshness.fresh} and (tunnel_id, step, at) in (
          select tunnel_id, step, at from latency where step = ${fromSec} and fresh = ${freshness.fresh} order by at limit ${limit}
        )`.execute(trx);
      const marked = Number(numAffectedRows ?? 0n);
      if (marked === 0) return 0;
      // Each coarse row that is touched is made anew out of all its fine ones, so it does not matter how often.
      await sql`insert into latency (tunnel_id, step, at, last_at, sent, received, min_us, max_us, sum_us, fresh)
        select touched.tunnel_id, cast(${toSec} as bigint), touched.at, max(fine.last_at), sum(fine.sent), sum(fine.received),
          min(fine.min_us), max(fine.max_us), sum(fine.sum_us), cast(${to === "day" ? freshness.settled : freshness.fresh} as bigint)
        from (
          select distinct tunnel_id, at - at % ${toSec} as at from latency where step = ${fromSec} and fresh = ${freshness.folding}
        ) as touched
        inner join latency as fine on fine.tunnel_id = touched.tunnel_id and fine.step = ${fromSec}
          and fine.at >= touched.at and fine.at < touched.at + ${toSec}
        where fine.sent > 0
        group by touched.tunnel_id, touched.at
        order by touched.tunnel_id, touched.at
        on conflict (tunnel_id, step, at) do update set last_at = excluded.last_at, sent = excluded.sent, received = excluded.received,
          min_us = excluded.min_us, max_us = excluded.max_us, sum_us = excluded.sum_us, fresh = excluded.fresh`.execute(trx);
      await sql`update latency set fresh = ${freshness.settled} where step = ${fromSec} and fresh = ${freshness.folding}`.execute(trx);
      return marked;
    },

    async forget({ step, before, limit }) {
      await letOthersRun();
      const { numAffectedRows } = await sql`delete from latency where (tunnel_id, step, at) in (
        select tunnel_id, step, at from latency
        where step = ${latencyStepSec[step]} and fresh = ${freshness.settled} and at < ${before} order by at limit ${limit}
      )`.execute(trx);
      return Number(numAffectedRows ?? 0n);
    },

    async list({ tunnel, from, to, step, limit }) {
      const rows = await trx
        .selectFrom("latency")
        .select(["at", "sent", "received", "min_us", "max_us", "sum_us"])
        .where("tunnel_id", "=", numberOfId(tunnel))
        .where("step", "=", latencyStepSec[step])
        .where("at", ">=", from)
        .where("at", "<", to)
        .orderBy("at")
        .limit(limit)
        .execute();
      return rows.map(readPoint);
    },

    async listUptimes({ after, from, limit }) {
      const measured = await trx
        .selectFrom("latency")
        .select("tunnel_id")
        .distinct()
        .where("step", "=", latencyStepSec.day)
        .where("at", ">=", from)
        .$if(after !== undefined, (query) => query.where("tunnel_id", ">", after === undefined ? 0 : numberOfId(after)))
        .orderBy("tunnel_id")
        .limit(limit)
        .execute();
      return measured.length === 0
        ? []
        : selectUptimes(
            scope,
            measured.map((row) => row.tunnel_id),
            from,
          );
    },
  };
}

/** Rounds of the same tunnel and five minutes come one after the other, each in a statement of its own. */
function inLayers(rounds: readonly LatencyRound[]): readonly (readonly LatencyRound[])[] {
  const layers: LatencyRound[][] = [];
  const depths = new Map<string, number>();
  for (const round of rounds) {
    const key = `${round.tunnel} ${bucketOf(round)}`;
    const depth = depths.get(key) ?? 0;
    depths.set(key, depth + 1);
    (layers[depth] ??= []).push(round);
  }
  // Everybody writes rows in one order, so that two batches never wait for each other.
  return layers.map((layer) => layer.toSorted((a, b) => numberOfId(a.tunnel) - numberOfId(b.tunnel) || a.at - b.at));
}

function bucketOf({ at }: LatencyRound): number {
  return at - (at % fineSec);
}

async function takeLayer({ trx }: Scope, rounds: readonly LatencyRound[]): Promise<void> {
  const rows = rounds.map((round) => ({
    tunnel_id: numberOfId(round.tunnel),
    step: fineSec,
    at: bucketOf(round),
    last_at: round.at,
    sent: round.sent,
    received: round.received,
    min_us: round.received === 0 ? null : microsOf(round.minMs),
    max_us: round.received === 0 ? null : microsOf(round.maxMs),
    sum_us: round.received === 0 ? 0 : microsOf(round.avgMs * round.received),
    fresh: freshness.fresh,
  }));
  await trx
    .insertInto("latency")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(["tunnel_id", "step", "at"])
        .doUpdateSet({
          last_at: sql`excluded.last_at`,
          sent: sql`latency.sent + excluded.sent`,
          received: sql`latency.received + excluded.received`,
          min_us: sql`case when latency.min_us is null or excluded.min_us < latency.min_us then excluded.min_us else latency.min_us end`,
          max_us: sql`case when latency.max_us is null or excluded.max_us > latency.max_us then excluded.max_us else latency.max_us end`,
          sum_us: sql`latency.sum_us + excluded.sum_us`,
          fresh: sql`excluded.fresh`,
        })
        // A PoP that did not hear our answer sends its batch again.
        .whereRef("excluded.last_at", ">", "latency.last_at"),
    )
    .execute();
}

function microsOf(ms: number): number {
  return Math.round(ms * 1_000);
}

function readPoint(row: {
  readonly at: number;
  readonly sent: number;
  readonly received: number;
  readonly min_us: number | null;
  readonly max_us: number | null;
  readonly sum_us: number;
}): LatencyPoint {
  const { at, sent, received, min_us: minUs, max_us: maxUs, sum_us: sumUs } = row;
  const ms =
    minUs === null || maxUs === null ? undefined : { min: minUs / 1_000, avg: Math.round(sumUs / received) / 1_000, max: maxUs / 1_000 };
  return { at: wallSec(at), sent, received, ms };
}

async function selectUptimes({ trx }: Scope, ids: readonly number[], from: number): Promise<readonly TunnelUptime[]> {
  const tunnels = await trx
    .selectFrom("tunnel")
    .select(["id", "handle", "pop", "encapsulation", "user_state", "admin_state", "created_at"])
    .where("id", "in", ids)
    .orderBy("id")
    .execute();
  const rows = await trx
    .selectFrom("latency")
    .select(["tunnel_id", "at", "sent", "received"])
    .where("tunnel_id", "in", ids)
    .where("step", "=", latencyStepSec.day)
    .where("at", ">=", from)
    .orderBy("at")
    .execute();
  const days = Map.groupBy(rows, (row) => row.tunnel_id);
  return tunnels.map((row) => ({
    tunnel: makeTunnelId(row.id),
    handle: row.handle,
    pop: row.pop,
    isStatic: row.encapsulation === "6in4",
    isEnabled: row.user_state === "enabled" && row.admin_state === "enabled",
    createdAt: wallSec(row.created_at),
    days: (days.get(row.id) ?? []).map(({ at, sent, received }): DayUptime => ({ at: wallSec(at), sent, received })),
  }));
}
