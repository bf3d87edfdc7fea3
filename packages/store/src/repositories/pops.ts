import { formatIpv4, wallSec } from "@tombolo/base";
import type { Pop, PopRepository } from "@tombolo/broker";
import type { Selectable } from "kysely";
import type { PopTable } from "../schema.ts";
import { readIpv4 } from "./values.ts";
import type { Scope } from "./scope.ts";

/** All but the token's digest and the revisions. */
const shown = ["name", "city", "country", "outer_ipv4", "state", "state_message", "state_since", "created_at"] as const;

export function makePopRepository({ trx }: Scope): PopRepository {
  return {
    async insert(pop, tokenDigest) {
      const row = await trx
        .insertInto("pop")
        .values({
          name: pop.name,
          city: pop.city,
          country: pop.country,
          outer_ipv4: formatIpv4(pop.outerIpv4),
          state: pop.state,
          state_message: pop.stateMessage,
          state_since: pop.stateSince,
          token_digest: tokenDigest,
          created_at: pop.createdAt,
        })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .returning("name")
        .executeTakeFirst();
      return row !== undefined;
    },

    async find(name) {
      const row = await trx.selectFrom("pop").select(shown).where("name", "=", name).executeTakeFirst();
      return row && readPop(row);
    },

    async findByTokenDigest(tokenDigest) {
      const row = await trx.selectFrom("pop").select(shown).where("token_digest", "=", tokenDigest).executeTakeFirst();
      return row && readPop(row);
    },

    async list() {
      return (await trx.selectFrom("pop").select(shown).orderBy("name").execute()).map(readPop);
    },

    async setState(name, { state, stateMessage, stateSince }) {
      const change = { state, state_message: stateMessage, state_since: stateSince };
      await trx.updateTable("pop").set(change).where("name", "=", name).execute();
    },

    async setTokenDigest(name, tokenDigest) {
      await trx.updateTable("pop").set({ token_digest: tokenDigest }).where("name", "=", name).execute();
    },
  };
}

function readPop(row: Pick<Selectable<PopTable>, (typeof shown)[number]>): Pop {
  return {
    name: row.name,
    city: row.city,
    country: row.country,
    outerIpv4: readIpv4(row.outer_ipv4),
    state: row.state,
    stateMessage: row.state_message,
    stateSince: wallSec(row.state_since),
    createdAt: wallSec(row.created_at),
  };
}
