import { formatPrefix } from "@tombolo/base";
import { openStore } from "../../open-store.ts";
import { makeWorld } from "../world.ts";

/** url, handle, pop, how many, seed: adds that many tunnels at once and prints their prefixes, one a line. */
const [url = "", handle = "", pop = "", count = "", seed = ""] = process.argv.slice(2);
const store = await openStore({ url });
const { broker } = makeWorld(store, { seed: Number(seed) });
const tunnels = await Promise.all(Array.from({ length: Number(count) }, () => broker.tunnels.add({ handle, pop, encapsulation: "ayiya" })));
for (const tunnel of tunnels) {
  for (const prefix of [tunnel.prefix, ...tunnel.delegations.map((delegation) => delegation.prefix)]) {
    process.stdout.write(`${formatPrefix(prefix)}\n`);
  }
}
await store.close();
