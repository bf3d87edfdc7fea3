import { describe } from "node:test";
import { describeCompliance } from "./testing/compliance/compliance.ts";
import { openFreshSqlite } from "./testing/fresh.ts";

describe("SQLite", () => describeCompliance(openFreshSqlite));
