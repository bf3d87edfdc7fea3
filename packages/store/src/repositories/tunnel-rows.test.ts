import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPrefix, subprefixAt } from "@tombolo/base";
import { openEngine, parseStoreUrl } from "../open-store.ts";
import { openFreshSqlite } from "../testing/fresh.ts";
import { addAccount, addPop, ipv6Prefix, makeWorld } from "../testing/world.ts";

test("more tunnels than are read at a time come whole, once each and in order, with their own delegations", async () => {
  const fresh = await openFreshSqlite();
  const url = parseStoreUrl(fresh.url);
  assert.ok(url.ok);
  const engine = openEngine(url.value, 1);
  const { db } = engine;
  try {
    const { broker } = makeWorld(fresh.store);
    const pop = await addPop(broker, { delegationPool: ["2001:db8:8000::/40", 64] });
    const handle = await addAccount(broker);
    const count = 4_100;
    const draft = { handle, pop, encapsulation: "ayiya" as const, mtu_bytes: 1280, heartbeat_sec: 60, static_endpoint: null };
    for (let from = 0; from < count; from += 100) {
      const numbers = Array.from({ length: 100 }, (_, i) => from + i);
      const rows = numbers.map((i) => ({ ...draft, id: 1_001 + i, sealed_secret: "tunnel-secret:x", created_at: 1 }));
      await db.insertInto("tunnel").values(rows).execute();
      for (const [pool_id, purpose, text] of [
        [1, "tunnel", "2001:db8:1::/48"],
        [2, "delegation", "2001:db8:8000::/40"],
      ] as const) {
        const given = numbers.map((i) => ({
          id: 2 * i + pool_id,
          pool_id,
          purpose,
          position: i,
          prefix: formatPrefix(subprefixAt(ipv6Prefix(text), 64, BigInt(i))),
          tunnel_id: 1_001 + i,
          handle,
          given_at: 1,
        }));
        await db.insertInto("allocation").values(given).execute();
      }
      // The newest tunnel has the oldest delegation's number: nothing may rest on both being in one order.
      await db
        .insertInto("delegation")
        .values(numbers.map((i) => ({ id: 9_000 - i, allocation_id: 2 * i + 2 })))
        .execute();
    }
    const { tunnels } = await broker.states.snapshot(pop);
    assert.deepEqual(
      tunnels.map(({ tunnel }) => [tunnel.id, tunnel.delegations.map((delegation) => delegation.id)]),
      Array.from({ length: count }, (_, i) => [`T${1_001 + i}`, [`R${9_000 - i}`]]),
    );
    assert.equal((await broker.tunnels.list({ handle })).length, count);
  } finally {
    await engine.close();
    await fresh.drop();
  }
});
