import type { Migration, MigrationProvider } from "kysely/migration";
import type { EngineName } from "../engines/engine.ts";
import { makeInit } from "./0001-init.ts";
import { makePoolsGo } from "./0002-pools-go.ts";
import { makeRequestsAndEvents } from "./0003-requests.ts";
import { makeCreditLedger } from "./0004-credits.ts";
import { makeLatencyHistory } from "./0005-latency.ts";

/** In their order; append only, forward only. */
export function listMigrations(engine: EngineName): Readonly<Record<string, Migration>> {
  return {
    "0001-init": makeInit(engine),
    "0002-pools-go": makePoolsGo(engine),
    "0003-requests": makeRequestsAndEvents(engine),
    "0004-credits": makeCreditLedger(engine),
    "0005-latency": makeLatencyHistory(engine),
  };
}

export function makeProvider(engine: EngineName): MigrationProvider {
  return { getMigrations: () => Promise.resolve({ ...listMigrations(engine) }) };
}
