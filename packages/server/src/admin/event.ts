import type { AdminCommand } from "../cli/command.ts";
import { readHandle, readWhole } from "./arguments.ts";
import { listOutput } from "./outputs.ts";
import { viewEvent } from "./request-views.ts";

export const eventCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "event", "list"],
    operands: [],
    about: "List what owners are to be told, the newest 100, or those after a number.",
    options: {
      account: { value: "HANDLE", about: "for this account only" },
      after: { value: "NUMBER", about: "those that follow this number, the oldest first: how a mailer reads on" },
      limit: { value: "COUNT", about: "at most so many, up to 1000; default 100" },
    },
    examples: ["admin event list", "admin event list --after 1200 --limit 500 --json"],
    async run(broker, given) {
      const [account, after, limit] = [given.option("account"), given.option("after"), given.option("limit")];
      const events = await broker.events.list({
        ...(account !== undefined && { handle: readHandle(account) }),
        ...(after !== undefined && { after: readWhole(after, "after") }),
        ...(limit !== undefined && { limit: readWhole(limit, "limit") }),
      });
      return listOutput(events.map(viewEvent), ["id", "at", "kind", "account", "pop", "tunnel", "request", "detail"], "No events.");
    },
  },
];
