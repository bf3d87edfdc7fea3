import { makeTunnelId, numberOfId, type PopName, type RevisionRepository } from "@tombolo/broker";
import { sql } from "kysely";
import { stateChannel } from "../engines/engine.ts";
import { chunk, type Scope } from "./scope.ts";

/** The outbox is cut this often, so that not every change pays for it. */
const cutEvery = 64;

export function makeRevisionRepository(scope: Scope): RevisionRepository {
  const { trx, engine, raised } = scope;
  return {
    async raise(pop, kept) {
      const row = await trx
        .updateTable("pop")
        .set((column) => ({ revision: column("revision", "+", 1) }))
        .where("name", "=", pop)
        .returning("revision")
        .executeTakeFirst();
      if (row === undefined) return undefined;
      if (row.revision % cutEvery === 0) await forget(scope, pop, row.revision - kept);
      // Delivered when, and only when, this transaction commits.
      if (engine === "postgres") await sql`select pg_notify(${stateChannel}, ${pop})`.execute(trx);
      raised.add(pop);
      return row.revision;
    },

    async note(pop, revision, tunnels) {
      for (const some of chunk(tunnels)) {
        const rows = some.map((tunnel) => ({ pop, revision, tunnel_id: numberOfId(tunnel) }));
        await trx.insertInto("pop_change").values(rows).execute();
      }
    },

    find: (pop) => trx.selectFrom("pop").select(["revision", "forgotten"]).where("name", "=", pop).executeTakeFirst(),

    async listChanged(pop, since) {
      const rows = await trx
        .selectFrom("pop_change")
        .select("tunnel_id")
        .distinct()
        .where("pop", "=", pop)
        .where("revision", ">", since)
        .orderBy("tunnel_id")
        .execute();
      return rows.map((row) => makeTunnelId(row.tunnel_id));
    },
  };
}

async function forget({ trx }: Scope, pop: PopName, through: number): Promise<void> {
  if (through <= 0) return;
  await trx.deleteFrom("pop_change").where("pop", "=", pop).where("revision", "<=", through).execute();
  await trx.updateTable("pop").set({ forgotten: through }).where("name", "=", pop).where("forgotten", "<", through).execute();
}
