import assert from "node:assert/strict";
import { formatPrefix, makeSeededNumbers } from "@tombolo/base";
import type { TunnelId } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv6Prefix, type World } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const pop = "nlams01";
const restSec = 1_000;

export function testAllocation(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings: { quarantineSec: restSec } });

  test("the lowest prefix nobody ever had goes first, and one that rested only when none is left", async ({ broker, clock }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/62", 64] });
    const give = await makeGiver({ broker, clock });
    const [a, b] = [await give(), await give()];
    await broker.tunnels.remove(a.id);
    clock.nowSec += restSec;
    assert.deepEqual([b.text, (await give()).text, (await give()).text], ["2001:db8:1:1::/64", "2001:db8:1:2::/64", "2001:db8:1:3::/64"]);
    assert.equal((await give()).text, a.text);
  });

  test("a prefix given back rests for its time to the second", async ({ broker, clock }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/64", 64] });
    const give = await makeGiver({ broker, clock });
    const first = await give();
    await refuses(give(), "pool-exhausted");
    await broker.tunnels.remove(first.id);
    clock.nowSec += restSec - 1;
    await refuses(give(), "pool-exhausted");
    clock.nowSec += 1;
    assert.equal((await give()).text, first.text);
    await refuses(give(), "pool-exhausted");
  });

  test("of several that rested the one that rested longest goes first", async ({ broker, clock }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/63", 64] });
    const give = await makeGiver({ broker, clock });
    const [low, high] = [await give(), await give()];
    await broker.tunnels.remove(high.id);
    clock.nowSec += 10;
    await broker.tunnels.remove(low.id);
    clock.nowSec += restSec;
    assert.deepEqual([(await give()).text, (await give()).text], [high.text, low.text]);
  });

  test("a full pool hands over to the PoP's next one", async ({ broker, clock }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/64", 64] });
    await broker.pools.add({ pop, purpose: "tunnel", prefix: ipv6Prefix("2001:db8:2::/64"), lengthBits: 64 });
    const give = await makeGiver({ broker, clock });
    assert.deepEqual([(await give()).text, (await give()).text], ["2001:db8:1::/64", "2001:db8:2::/64"]);
    await refuses(give(), "pool-exhausted");
  });

  test("when delegations run out the tunnel is refused whole and its own prefix stays free", async ({ broker, clock }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/62", 64], delegationPool: ["2001:db8:8000::/64", 64] });
    const give = await makeGiver({ broker, clock });
    const first = await give();
    await refuses(give(), "pool-exhausted");
    assert.equal((await broker.pools.get("P1")).free, 3n);
    assert.equal((await broker.tunnels.list()).length, 1);
    await broker.tunnels.remove(first.id);
    clock.nowSec += restSec;
    const again = await broker.tunnels.get((await give()).id);
    assert.deepEqual(
      again.delegations.map((delegation) => formatPrefix(delegation.prefix)),
      ["2001:db8:8000::/64"],
    );
  });

  for (let seed = 1; seed <= 8; seed += 1) {
    test(`any run of giving, giving back and time passing agrees with a plain model (seed ${seed})`, async (world) => {
      await addPop(world.broker, { tunnelPool: ["2001:db8:1::/62", 64] });
      await runModel(world, makeSeededNumbers(seed));
    });
  }
}

async function runModel(world: World, random: (bound: number) => number): Promise<void> {
  const { broker, clock } = world;
  const give = await makeGiver(world);
  const model = new Model();
  for (let step = 0; step < 40; step += 1) {
    const kind = random(11);
    const held = model.held();
    const victim = held[random(Math.max(held.length, 1))];
    if (kind < 2) {
      clock.nowSec += 1 + random(restSec);
    } else if (kind < 6 && victim !== undefined) {
      await broker.tunnels.remove(victim.id);
      model.giveBack(victim.position, clock.nowSec + restSec);
    } else {
      const expected = model.take(clock.nowSec);
      if (expected === undefined) {
        await refuses(give(), "pool-exhausted");
        continue;
      }
      const given = await give();
      assert.equal(given.text, expected === 0 ? "2001:db8:1::/64" : `2001:db8:1:${expected}::/64`, `step ${step}`);
      model.hold(expected, given.id);
    }
  }
}

/** Four positions: each never had, held by a tunnel, or resting until a time. */
class Model {
  readonly #positions: ("new" | TunnelId | number)[] = ["new", "new", "new", "new"];

  take(now: number): number | undefined {
    const fresh = this.#positions.indexOf("new");
    if (fresh >= 0) return fresh;
    const rested = this.#positions
      .map((state, position) => ({ state, position }))
      .filter((entry): entry is { state: number; position: number } => typeof entry.state === "number" && entry.state <= now)
      .toSorted((a, b) => a.state - b.state || a.position - b.position);
    return rested[0]?.position;
  }

  hold(position: number, id: TunnelId): void {
    this.#positions[position] = id;
  }

  giveBack(position: number, reusableAt: number): void {
    this.#positions[position] = reusableAt;
  }

  held(): { readonly id: TunnelId; readonly position: number }[] {
    return this.#positions.flatMap((id, position) => (typeof id === "string" && id !== "new" ? [{ id, position }] : []));
  }
}

async function makeGiver({ broker }: World): Promise<() => Promise<{ readonly id: TunnelId; readonly text: string }>> {
  const handle = await addAccount(broker);
  return async () => {
    const { id, prefix } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    return { id, text: formatPrefix(prefix) };
  };
}
