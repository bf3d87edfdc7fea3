import assert from "node:assert/strict";
import test from "node:test";
import { CommandLine } from "../../test/command-line.ts";
import { makeFolder } from "../../test/world.ts";

interface Statement {
  readonly balance: number;
  readonly entries: readonly { readonly kind: string; readonly amount: number; readonly balance: number; readonly note: string }[];
}

test("credits are given and taken with a note, by the operator's own plan", async (t) => {
  const line = new CommandLine(await makeFolder(t), { TOMBOLO_CREDITS_ENABLED: "true", TOMBOLO_CREDITS_SIGNUP: "30" });
  await line.json("admin", "account", "add", "--name", "Ada B. Cole", "--email", "ada@example.net");
  await line.json("admin", "credit", "grant", "abc1-tmb", "50", "--note", "found a bug");
  await line.json("admin", "credit", "grant", "ABC1-TMB", "1", "--take", "--note", "reverse DNS server");
  const { balance, entries } = await line.json<Statement>("admin", "credit", "list", "ABC1-TMB");
  assert.equal(balance, 79);
  assert.deepEqual(
    entries.map((entry) => [entry.kind, entry.amount, entry.balance, entry.note]),
    [
      ["signup", 30, 30, ""],
      ["grant", 50, 80, "found a bug"],
      ["grant", -1, 79, "reverse DNS server"],
    ],
  );
  assert.match((await line.run(["admin", "credit", "list", "ABC1-TMB"])).out, /^balance +79$/m);
  const wrong = await line.run(["admin", "credit", "grant", "ABC1-TMB", "much", "--note", "x"]);
  assert.equal(wrong.status, 2);
});

test("credits are off unless the operator turns them on", async (t) => {
  const line = new CommandLine(await makeFolder(t));
  await line.json("admin", "account", "add", "--name", "Ada B. Cole", "--email", "ada@example.net");
  assert.equal((await line.json<Statement>("admin", "credit", "list", "ABC1-TMB")).balance, 0);
  const { status, err } = await line.run(["admin", "credit", "grant", "ABC1-TMB", "5", "--note", "x"]);
  assert.deepEqual([status, err], [1, "tombolod: credits are switched off (credits-off)\n"]);
});
