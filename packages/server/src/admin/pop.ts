import { describePop } from "@tombolo/broker";
import type { AdminCommand } from "../cli/command.ts";
import { readIpv4 } from "./arguments.ts";
import { itemOutput, listOutput } from "./outputs.ts";
import { viewPool, viewPop } from "./views.ts";

const tokenNote = "The token is shown only now. Put it into the PoP's token-file (mode 0600).";

export const popCommands: readonly AdminCommand[] = [
  {
    kind: "admin",
    words: ["admin", "pop", "add"],
    operands: ["NAME"],
    about: "Add a PoP; prints the token its agent shows to the broker.",
    options: {
      city: { value: "CITY", about: "where it stands", required: true },
      country: { value: "CC", about: "two letters", required: true },
      ipv4: { value: "ADDRESS", about: "the outer address that clients send to", required: true },
    },
    examples: ["admin pop add nlams01 --city Amsterdam --country NL --ipv4 192.0.2.1"],
    async run(broker, given) {
      const { pop, token } = await broker.pops.add({
        name: given.operand(0),
        city: given.required("city"),
        country: given.required("country"),
        outerIpv4: readIpv4(given.required("ipv4")),
      });
      return itemOutput({ ...viewPop(pop), token }, [tokenNote]);
    },
  },
  {
    kind: "admin",
    words: ["admin", "pop", "list"],
    operands: [],
    about: "List all PoPs.",
    options: {},
    examples: ["admin pop list"],
    async run(broker) {
      return listOutput((await broker.pops.list()).map(viewPop), ["name", "city", "country", "ipv4", "state", "message"], "No PoPs.");
    },
  },
  {
    kind: "admin",
    words: ["admin", "pop", "show"],
    operands: ["NAME"],
    about: "Show a PoP and its pools.",
    options: {},
    examples: ["admin pop show nlams01"],
    async run(broker, given) {
      const pop = await broker.pops.get(given.operand(0));
      const pools = (await broker.pools.list(pop.name)).map(viewPool);
      const tunnels = (await broker.tunnels.list({ pop: pop.name })).length;
      const view = { ...viewPop(pop), tunnels };
      const notes = pop.state === "down" ? [`${describePop(pop)}.`] : [];
      return {
        json: { ...view, pools },
        text: (style) =>
          [itemOutput(view, notes).text(style), listOutput(pools, ["id", "purpose", "prefix", "length"], "No pools.").text(style)].join(
            "\n\n",
          ),
      };
    },
  },
  {
    kind: "admin",
    words: ["admin", "pop", "down"],
    operands: ["NAME"],
    about: "Tell users that a PoP is down; its tunnels are left as they are.",
    options: { message: { value: "TEXT", about: "what they are told: a sentence, or a page to see" } },
    examples: ["admin pop down nlams01 --message https://status.example.net/", "admin pop down nlams01 --message 'back at 18:00 UTC'"],
    async run(broker, given) {
      return itemOutput(viewPop(await broker.pops.setState(given.operand(0), "down", given.option("message") ?? "")));
    },
  },
  {
    kind: "admin",
    words: ["admin", "pop", "up"],
    operands: ["NAME"],
    about: "Tell users that a PoP is up again.",
    options: {},
    examples: ["admin pop up nlams01"],
    async run(broker, given) {
      return itemOutput(viewPop(await broker.pops.setState(given.operand(0), "up", "")));
    },
  },
  {
    kind: "admin",
    words: ["admin", "pop", "token"],
    operands: ["NAME"],
    about: "Make a new token for a PoP; the old one ends.",
    options: {},
    examples: ["admin pop token nlams01"],
    async run(broker, given) {
      const name = given.operand(0);
      return itemOutput({ name, token: await broker.pops.renewToken(name) }, [tokenNote]);
    },
  },
];
