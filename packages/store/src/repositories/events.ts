import { wallSec } from "@tombolo/base";
import { makeRequestId, makeTunnelId, numberOfId, type EventRepository } from "@tombolo/broker";
import { sql } from "kysely";
import { chunk, locksRows, type Scope } from "./scope.ts";

/** Any number that no other program locks in this database; "tmb" and "event". */
const eventsLock = 0x746d62_0002;

export function makeEventRepository(scope: Scope): EventRepository {
  const { trx } = scope;
  return {
    async add({ at, kind, handle, pop, tunnel, request, detail }) {
      await lockEvents(scope);
      const row = {
        pop: pop ?? null,
        tunnel_id: tunnel === undefined ? null : numberOfId(tunnel),
        request_id: request === undefined ? null : numberOfId(request),
      };
      await trx
        .insertInto("event")
        .values({ at, kind, handle, ...row, detail })
        .execute();
    },

    async addForOwners(pop, { at, kind, detail }) {
      await lockEvents(scope);
      await sql`insert into event (at, kind, handle, pop, detail)
        select distinct ${int(at)}, ${text(kind)}, handle, pop, ${text(detail)} from tunnel where pop = ${pop} order by handle`.execute(
        trx,
      );
    },

    async addForTunnels(tunnels, { at, kind, detail }) {
      await lockEvents(scope);
      for (const some of chunk(tunnels.map(numberOfId))) {
        await sql`insert into event (at, kind, handle, pop, tunnel_id, detail)
          select ${int(at)}, ${text(kind)}, handle, pop, id, ${text(detail)} from tunnel
          where id in (${sql.join(some)}) order by id`.execute(trx);
      }
    },

    async list({ after, handle, limit }) {
      const rows = await trx
        .selectFrom("event")
        .selectAll()
        .$if(handle !== undefined, (query) => query.where("handle", "=", handle ?? ""))
        .$if(after !== undefined, (query) => query.where("id", ">", after ?? 0))
        .orderBy("id", after === undefined ? "desc" : "asc")
        .limit(limit)
        .execute();
      const inOrder = after === undefined ? rows.toReversed() : rows;
      return inOrder.map(({ id, at, kind, handle: owner, pop, tunnel_id: tunnel, request_id: request, detail }) => ({
        id,
        at: wallSec(at),
        kind,
        handle: owner,
        pop: pop ?? undefined,
        tunnel: tunnel === null ? undefined : makeTunnelId(tunnel),
        request: request === null ? undefined : makeRequestId(request),
        detail,
      }));
    },
  };
}

/** Taken last and held until the commit: events become visible in the order of their numbers. */
async function lockEvents(scope: Scope): Promise<void> {
  if (locksRows(scope)) await sql`select pg_advisory_xact_lock(${eventsLock}::bigint)`.execute(scope.trx);
}

/** PostgreSQL can't tell the type of a parameter in a select list. */
function int(value: number): ReturnType<typeof sql> {
  return sql`cast(${value} as bigint)`;
}

function text(value: string): ReturnType<typeof sql> {
  return sql`cast(${value} as text)`;
}
