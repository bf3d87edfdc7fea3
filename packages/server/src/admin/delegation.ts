import type { AdminCommand } from "../cli/command.ts";
import { readDelegationId, readHandle, readLength, readTunnelId } from "./arguments.ts";
import { itemOutput, listOutput } from "./outputs.ts";
import { viewDelegation } from "./views.ts";

export const delegationCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "delegation", "add"],
    operands: ["TUNNEL", "LENGTH"],
    about: "Route one more prefix to a tunnel, out of a pool of that length at its PoP.",
    options: {},
    examples: ["admin delegation add T1001 /48", "admin delegation add T1001 56 --json"],
    async run(broker, given) {
      const wish = { tunnel: readTunnelId(given.operand(0)), lengthBits: readLength(given.operand(1)) };
      return itemOutput(viewDelegation(await broker.delegations.add(wish)));
    },
  },
  {
    kind: "admin",
    words: ["admin", "delegation", "list"],
    operands: [],
    about: "List delegations.",
    options: {
      account: { value: "HANDLE", about: "of this account only" },
      tunnel: { value: "TUNNEL", about: "of this tunnel only" },
    },
    examples: ["admin delegation list", "admin delegation list --tunnel T1001 --json"],
    async run(broker, given) {
      const account = given.option("account");
      const tunnel = given.option("tunnel");
      const delegations = await broker.delegations.list({
        ...(account !== undefined && { handle: readHandle(account) }),
        ...(tunnel !== undefined && { tunnel: readTunnelId(tunnel) }),
      });
      return listOutput(delegations.map(viewDelegation), ["id", "tunnel", "prefix", "created"], "No delegations.");
    },
  },
  {
    kind: "admin",
    words: ["admin", "delegation", "remove"],
    operands: ["DELEGATION"],
    about: "Take a delegation back; its prefix rests before somebody else may get it.",
    options: {},
    examples: ["admin delegation remove R1001"],
    async run(broker, given) {
      const id = readDelegationId(given.operand(0));
      await broker.delegations.remove(id);
      return { json: { id, removed: true }, text: () => `${id} removed.` };
    },
  },
];
