import { wallSec } from "@tombolo/base";
import { makeTunnelId, numberOfId, type AuditRepository } from "@tombolo/broker";
import type { Scope } from "./scope.ts";

export function makeAuditRepository({ trx }: Scope): AuditRepository {
  return {
    async add(...entries) {
      const rows = entries.map(({ at, event, handle, pop, tunnel, detail }) => ({
        at,
        event,
        handle: handle ?? null,
        pop: pop ?? null,
        tunnel_id: tunnel === undefined ? null : numberOfId(tunnel),
        detail,
      }));
      await trx.insertInto("audit").values(rows).execute();
    },

    async list(limit) {
      const rows = await trx.selectFrom("audit").selectAll().orderBy("id", "desc").limit(limit).execute();
      return rows.map((row) => ({
        at: wallSec(row.at),
        event: row.event,
        detail: row.detail,
        ...(row.handle === null ? {} : { handle: row.handle }),
        ...(row.pop === null ? {} : { pop: row.pop }),
        ...(row.tunnel_id === null ? {} : { tunnel: makeTunnelId(row.tunnel_id) }),
      }));
    },
  };
}
