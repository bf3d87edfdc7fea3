import { after, before, describe } from "node:test";
import { describeCompliance } from "./testing/compliance/compliance.ts";
import { openFreshPostgres } from "./testing/fresh.ts";
import { startPostgres, type PostgresServer } from "./testing/postgres-server.ts";

describe("PostgreSQL", () => {
  let server: PostgresServer | undefined;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server?.stop());
  const started = (): PostgresServer => {
    if (server === undefined) throw new Error("PostgreSQL was not started");
    return server;
  };
  describeCompliance(openFreshPostgres(started));
});
