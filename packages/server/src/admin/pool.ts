import type { AdminCommand } from "../cli/command.ts";
import { readPoolId, readPrefix, readPurpose, readWhole } from "./arguments.ts";
import { itemOutput, listOutput } from "./outputs.ts";
import { viewPool } from "./views.ts";

export const poolCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "pool", "add"],
    operands: ["PREFIX"],
    about: "Give a PoP a pool of prefixes; the prefix must be routed to the PoP.",
    options: {
      pop: { value: "NAME", about: "the PoP", required: true },
      purpose: { value: "PURPOSE", about: "tunnel (the two ends) or delegation (networks behind a tunnel)", required: true },
      length: { value: "BITS", about: "length of each prefix given out of it; default 64" },
    },
    examples: [
      "admin pool add 2001:db8:1::/48 --pop nlams01 --purpose tunnel",
      "admin pool add 2001:db8:8000::/36 --pop nlams01 --purpose delegation --length 48",
    ],
    async run(broker, given) {
      const pool = await broker.pools.add({
        pop: given.required("pop"),
        purpose: readPurpose(given.required("purpose")),
        prefix: readPrefix(given.operand(0)),
        lengthBits: readWhole(given.option("length") ?? "64", "length"),
      });
      return itemOutput(viewPool(pool));
    },
  },
  {
    kind: "admin",
    words: ["admin", "pool", "list"],
    operands: [],
    about: "List all pools, or those of one PoP.",
    options: { pop: { value: "NAME", about: "of this PoP only" } },
    examples: ["admin pool list", "admin pool list --pop nlams01 --json"],
    async run(broker, given) {
      const pools = (await broker.pools.list(given.option("pop"))).map(viewPool);
      return listOutput(pools, ["id", "pop", "purpose", "prefix", "length", "created"], "No pools.");
    },
  },
  {
    kind: "admin",
    words: ["admin", "pool", "show"],
    operands: ["POOL"],
    about: "Show a pool and how full it is.",
    options: {},
    examples: ["admin pool show P1"],
    async run(broker, given) {
      const pool = await broker.pools.get(readPoolId(given.operand(0)));
      // JSON has no whole numbers of this size; as text they stay exact.
      return itemOutput({ ...viewPool(pool), used: pool.used, resting: pool.resting, free: String(pool.free) });
    },
  },
  {
    kind: "admin",
    words: ["admin", "pool", "remove"],
    operands: ["POOL"],
    about: "Take an empty pool from its PoP: nothing of it is held or rests.",
    options: {},
    examples: ["admin pool remove P1"],
    async run(broker, given) {
      const id = readPoolId(given.operand(0));
      await broker.pools.remove(id);
      return { json: { id, removed: true }, text: () => `${id} removed.` };
    },
  },
];
