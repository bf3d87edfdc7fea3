import type { AdminCommand } from "../cli/command.ts";
import { readHandle, readTunnelId } from "./arguments.ts";
import { itemOutput, listOutput } from "./outputs.ts";
import { viewAccount, viewKey, viewTunnel } from "./views.ts";

const keyNote = "The access key is shown only now. It logs machines in (TIC, TSP, update URL); it is not a web password.";

export const accountCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "account", "add"],
    operands: [],
    about: "Add an account; prints its handle and first access key.",
    options: {
      name: { value: "NAME", about: "the person's full name", required: true },
      email: { value: "ADDRESS", about: "where mail reaches the person", required: true },
      handle: { value: "HANDLE", about: "such as ABC1-TMB; made from the name when not given" },
    },
    examples: [
      "admin account add --name 'Ada B. Cole' --email ada@example.net",
      "admin account add --name 'Ada B. Cole' --email ada@example.net --handle ABC1-RIPE --json",
    ],
    async run(broker, given) {
      const handle = given.option("handle");
      const { account, accessKey } = await broker.accounts.add({
        fullName: given.required("name"),
        email: given.required("email"),
        ...(handle !== undefined && { handle: readHandle(handle) }),
      });
      return itemOutput({ ...viewAccount(account), accessKey }, [keyNote]);
    },
  },
  {
    kind: "admin",
    words: ["admin", "account", "list"],
    operands: [],
    about: "List all accounts.",
    options: {},
    examples: ["admin account list", "admin account list --json"],
    async run(broker) {
      return listOutput((await broker.accounts.list()).map(viewAccount), ["handle", "name", "email", "state", "created"], "No accounts.");
    },
  },
  {
    kind: "admin",
    words: ["admin", "account", "show"],
    operands: ["HANDLE"],
    about: "Show an account, its keys and its tunnels.",
    options: {},
    examples: ["admin account show ABC1-TMB"],
    async run(broker, given) {
      const handle = readHandle(given.operand(0));
      const account = viewAccount(await broker.accounts.get(handle));
      const keys = (await broker.accounts.listKeys(handle)).map(viewKey);
      const tunnels = (await broker.tunnels.list({ handle })).map(viewTunnel);
      return {
        json: { ...account, keys, tunnels },
        text: (style) =>
          [
            itemOutput(account).text(style),
            listOutput(keys, ["id", "tunnel", "label", "created"], "No access keys.").text(style),
            listOutput(tunnels, ["id", "pop", "type", "userState", "adminState", "prefix"], "No tunnels.").text(style),
          ].join("\n\n"),
      };
    },
  },
  ...(["enable", "disable"] as const).map((verb): AdminCommand => ({
    kind: "admin",
    words: ["admin", "account", verb],
    operands: ["HANDLE"],
    about: verb === "enable" ? "Let a disabled account in again." : "Lock an account out and stop its tunnels.",
    options: {},
    examples: [`admin account ${verb} ABC1-TMB`],
    async run(broker, given) {
      return itemOutput(
        viewAccount(await broker.accounts.setState(readHandle(given.operand(0)), verb === "enable" ? "enabled" : "disabled")),
      );
    },
  })),
  {
    kind: "admin",
    words: ["admin", "account", "key", "add"],
    operands: ["HANDLE"],
    about: "Give an account one more access key.",
    options: {
      label: { value: "TEXT", about: "what the key is for", required: true },
      tunnel: { value: "TUNNEL", about: "the key then logs in as HANDLE/TUNNEL and sees that tunnel only" },
    },
    examples: ["admin account key add ABC1-TMB --label router", "admin account key add ABC1-TMB --label router --tunnel T1001"],
    async run(broker, given) {
      const tunnel = given.option("tunnel");
      const { key, accessKey } = await broker.accounts.addKey({
        handle: readHandle(given.operand(0)),
        label: given.required("label"),
        ...(tunnel !== undefined && { tunnel: readTunnelId(tunnel) }),
      });
      return itemOutput({ ...viewKey(key), account: key.handle, accessKey }, [keyNote]);
    },
  },
];
