import { wallSec } from "@tombolo/base";
import { openStore } from "../../open-store.ts";
import { startSec } from "../world.ts";

/** url, handle, pop: writes half of what a tunnel is, says so, and holds the transaction open until it is killed. */
const [url = "", handle = "", pop = ""] = process.argv.slice(2);
const store = await openStore({ url });
await store.write(async ({ tunnels, pools, prefixes, revisions, audit }) => {
  await revisions.raise(pop, 100);
  const at = wallSec(startSec);
  const tunnel = await tunnels.insert({
    handle,
    pop,
    encapsulation: "ayiya",
    staticEndpoint: undefined,
    mtuBytes: 1280,
    heartbeatSec: 60,
    sealedSecret: "sealed",
    createdAt: at,
  });
  const [pool] = await pools.list(pop);
  if (pool === undefined) throw new Error("the PoP has a pool");
  await prefixes.take({ pool, tunnel, handle, at });
  await audit.add({ at, event: "tunnel.added", handle, pop, tunnel, detail: "half" });
  process.stdout.write("half\n");
  const forever = setInterval(() => {}, 1_000);
  await new Promise(() => {});
  clearInterval(forever);
});
