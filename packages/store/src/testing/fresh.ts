import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type OpenedStore } from "../open-store.ts";
import type { PostgresServer } from "./postgres-server.ts";

/** A database of one test's own. */
export interface FreshStore {
  readonly url: string;
  readonly store: OpenedStore;
  /** Closes the store and removes what can be removed. */
  drop(): Promise<void>;
}

/** What an engine gives to the compliance suite. */
export type OpenFreshStore = () => Promise<FreshStore>;

export async function openFreshSqlite(): Promise<FreshStore> {
  const folder = mkdtempSync(join(tmpdir(), "tombolo-store-"));
  const url = `sqlite:${join(folder, "broker.db")}`;
  const store = await openStore({ url });
  return {
    url,
    store,
    async drop() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The databases go with the server. */
export function openFreshPostgres(server: () => PostgresServer): OpenFreshStore {
  return async () => {
    const url = await server().makeDatabase();
    const store = await openStore({ url });
    return { url, store, drop: () => store.close() };
  };
}
