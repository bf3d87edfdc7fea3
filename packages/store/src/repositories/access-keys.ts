import { wallSec } from "@tombolo/base";
import { makeTunnelId, numberOfId, type AccessKey, type AccessKeyRepository } from "@tombolo/broker";
import type { Selectable } from "kysely";
import type { AccessKeyTable } from "../schema.ts";
import type { Scope } from "./scope.ts";

/** All but the sealed key itself, which has a read of its own. */
const shown = ["id", "handle", "tunnel_id", "label", "created_at"] as const;

export function makeAccessKeyRepository({ trx }: Scope): AccessKeyRepository {
  return {
    async insert(draft) {
      const row = await trx
        .insertInto("access_key")
        .values({
          handle: draft.handle,
          tunnel_id: draft.tunnel === undefined ? null : numberOfId(draft.tunnel),
          label: draft.label,
          sealed: draft.sealed,
          created_at: draft.createdAt,
        })
        .returning(shown)
        .executeTakeFirstOrThrow();
      return readKey(row);
    },

    async list(handle) {
      return (await trx.selectFrom("access_key").select(shown).where("handle", "=", handle).orderBy("id").execute()).map(readKey);
    },

    async remove(handle, id) {
      const row = await trx.deleteFrom("access_key").where("handle", "=", handle).where("id", "=", id).returning("id").executeTakeFirst();
      return row !== undefined;
    },

    async listSealed({ handle, tunnel, limit }) {
      const rows = await trx
        .selectFrom("access_key")
        .select("sealed")
        .where("handle", "=", handle)
        .where((where) =>
          tunnel === undefined
            ? where("tunnel_id", "is", null)
            : where.or([where("tunnel_id", "is", null), where("tunnel_id", "=", numberOfId(tunnel))]),
        )
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map((row) => row.sealed);
    },
  };
}

function readKey(row: Pick<Selectable<AccessKeyTable>, (typeof shown)[number]>): AccessKey {
  return {
    id: row.id,
    handle: row.handle,
    tunnel: row.tunnel_id === null ? undefined : makeTunnelId(row.tunnel_id),
    label: row.label,
    createdAt: wallSec(row.created_at),
  };
}
