import { openStore } from "../../open-store.ts";
import { makeWorld } from "../world.ts";

/** url, handle, pop: adds tunnels one after the other and prints the id of each once it is committed, until it is killed. */
const [url = "", handle = "", pop = ""] = process.argv.slice(2);
const store = await openStore({ url });
const { broker } = makeWorld(store, { seed: 77 });
for (;;) {
  const tunnel = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
  process.stdout.write(`${tunnel.id}\n`);
}
