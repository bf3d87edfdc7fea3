import { wallSec } from "@tombolo/base";
import type { Account, AccountRepository, Handle } from "@tombolo/broker";
import type { Selectable } from "kysely";
import type { AccountTable } from "../schema.ts";
import { locksRows, type Scope } from "./scope.ts";

export function makeAccountRepository(scope: Scope): AccountRepository {
  const { trx } = scope;
  const select = (handle: Handle) => trx.selectFrom("account").selectAll().where("handle", "=", handle);
  return {
    async insert(account) {
      const row = await trx
        .insertInto("account")
        .values({
          handle: account.handle,
          full_name: account.fullName,
          email: account.email,
          state: account.state,
          created_at: account.createdAt,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning("handle")
        .executeTakeFirst();
      return row !== undefined;
    },

    async find(handle) {
      const row = await select(handle).executeTakeFirst();
      return row && readAccount(row);
    },

    async lock(handle) {
      const row = await select(handle)
        .$if(locksRows(scope), (query) => query.forUpdate())
        .executeTakeFirst();
      return row && readAccount(row);
    },

    async list() {
      return (await trx.selectFrom("account").selectAll().orderBy("handle").execute()).map(readAccount);
    },

    async listHandles(start, end) {
      // Handles hold neither % nor _, so nothing needs an escape.
      const rows = await trx.selectFrom("account").select("handle").where("handle", "like", `${start}%${end}`).execute();
      return rows.map((row) => row.handle);
    },

    async setState(handle, state) {
      await trx.updateTable("account").set({ state }).where("handle", "=", handle).execute();
    },
  };
}

function readAccount(row: Selectable<AccountTable>): Account {
  return { handle: row.handle, fullName: row.full_name, email: row.email, state: row.state, createdAt: wallSec(row.created_at) };
}
