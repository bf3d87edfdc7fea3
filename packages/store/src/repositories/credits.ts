import { wallSec, type WallSec } from "@tombolo/base";
import { makeRequestId, makeTunnelId, numberOfId, type CreditRepository, type Handle } from "@tombolo/broker";
import { sql } from "kysely";
import { chunk, type Scope } from "./scope.ts";
import { readOptionalTime } from "./values.ts";

export function makeCreditRepository({ trx }: Scope): CreditRepository {
  return {
    async add(entries) {
      let written = 0;
      for (const some of chunk(entries)) {
        const rows = some.map(({ at, handle, kind, amount, tunnel, request, period, note }) => ({
          at,
          handle,
          kind,
          amount,
          note,
          tunnel_id: tunnel === undefined ? null : numberOfId(tunnel),
          request_id: request === undefined ? null : numberOfId(request),
          period: period ?? null,
        }));
        const added = await trx
          .insertInto("credit")
          .values(rows)
          .onConflict((conflict) => conflict.doNothing())
          .returning("id")
          .execute();
        written += added.length;
      }
      return written;
    },

    async addSignups({ at, amount }) {
      const { numAffectedRows } = await sql`insert into credit (at, handle, kind, amount, note)
        select cast(${at} as bigint), handle, 'signup', cast(${amount} as bigint), '' from account
        where not exists (select 1 from credit where credit.handle = account.handle and credit.kind = 'signup')
        order by handle on conflict do nothing`.execute(trx);
      return Number(numAffectedRows ?? 0n);
    },

    async listSignups(handles) {
      const starts = new Map<Handle, WallSec>();
      for (const some of chunk(handles)) {
        const rows = await trx
          .selectFrom("credit")
          .select(["handle", "at"])
          .where("kind", "=", "signup")
          .where("handle", "in", some)
          .execute();
        for (const { handle, at } of rows) starts.set(handle, wallSec(at));
      }
      return starts;
    },

    async balance(handle) {
      const { total } = await trx
        .selectFrom("credit")
        .select(({ fn }) => fn.sum<number | string | null>("amount").as("total"))
        .where("handle", "=", handle)
        .executeTakeFirstOrThrow();
      return Number(total ?? 0);
    },

    async list(handle, limit) {
      const rows = await trx.selectFrom("credit").selectAll().where("handle", "=", handle).orderBy("id", "desc").limit(limit).execute();
      return rows.map(({ id, at, kind, amount, tunnel_id: tunnel, request_id: request, period, note }) => ({
        id,
        at: wallSec(at),
        handle,
        kind,
        amount,
        tunnel: tunnel === null ? undefined : makeTunnelId(tunnel),
        request: request === null ? undefined : makeRequestId(request),
        period: readOptionalTime(period),
        note,
      }));
    },
  };
}
