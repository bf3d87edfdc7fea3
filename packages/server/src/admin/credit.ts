import type { CreditStatement } from "@tombolo/broker";
import type { AdminCommand } from "../cli/command.ts";
import type { Output } from "../cli/output.ts";
import { readHandle, readWhole } from "./arguments.ts";
import { itemOutput, listOutput } from "./outputs.ts";
import { formatMoment } from "./views.ts";

export const creditCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "credit", "list"],
    operands: ["HANDLE"],
    about: "Show an account's credits and what they are made of.",
    options: {},
    examples: ["admin credit list ABC1-TMB", "admin credit list ABC1-TMB --json"],
    async run(broker, given) {
      const handle = readHandle(given.operand(0));
      return statementOutput(handle, await broker.credits.read(handle));
    },
  },
  {
    kind: "admin",
    words: ["admin", "credit", "grant"],
    operands: ["HANDLE", "AMOUNT"],
    about: "Give an account credits, or take them with --take.",
    options: {
      note: { value: "TEXT", about: "why; it stays in the ledger", required: true },
      take: { about: "take instead of give" },
    },
    examples: ["admin credit grant ABC1-TMB 5 --note 'found a bug'", "admin credit grant ABC1-TMB 1 --take --note 'reverse DNS server'"],
    async run(broker, given) {
      const handle = readHandle(given.operand(0));
      const amount = readWhole(given.operand(1), "amount") * (given.has("take") ? -1 : 1);
      return statementOutput(handle, await broker.credits.grant({ handle, amount, note: given.required("note") }));
    },
  },
];

function statementOutput(account: string, { balance, entries }: CreditStatement): Output {
  const views = entries.map(({ id, at, kind, amount, balance: after, tunnel, request, period, note }) => ({
    id,
    at: formatMoment(at),
    kind,
    amount,
    balance: after,
    tunnel: tunnel ?? null,
    request: request ?? null,
    period: period === undefined ? null : formatMoment(period).slice(0, 10),
    note,
  }));
  const columns = ["at", "kind", "amount", "balance", "tunnel", "request", "period", "note"] as const;
  return {
    json: { account, balance, entries: views },
    text: (style) => [itemOutput({ account, balance }).text(style), listOutput(views, columns, "No entries.").text(style)].join("\n\n"),
  };
}
