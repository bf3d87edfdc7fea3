import assert from "node:assert/strict";
import { wallSec } from "@tombolo/base";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv6, startSec } from "../world.ts";
import { inWorld } from "./in-world.ts";

const pop = "nlams01";
const restSec = 1_000;

export function testHolders(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings: { quarantineSec: restSec } });

  test("who had an address is known for the present, the rest and the past", async ({ broker, clock }) => {
    await addPop(broker, { tunnelPool: ["2001:db8:1::/64", 64], delegationPool: ["2001:db8:8000::/64", 64] });
    const ann = await addAccount(broker);
    const bob = await addAccount(broker, "Bob Dunne");
    const find = (text: string, at: number) => broker.tunnels.findHolder(ipv6(text), wallSec(at));

    const first = await broker.tunnels.add({ handle: ann, pop, encapsulation: "ayiya" });
    const held = { tunnel: first.id, handle: ann, from: startSec, until: undefined };
    assert.deepEqual(await find("2001:db8:1::2", startSec), held);
    assert.deepEqual(await find("2001:db8:8000::abcd", startSec + 5), held, "an address of the delegation");
    assert.equal(await find("2001:db8:1::2", startSec - 1), undefined);
    assert.equal(await find("2001:db8:1:1::2", startSec), undefined);

    clock.nowSec += 100;
    await broker.tunnels.remove(first.id);
    const past = { ...held, until: startSec + 100 };
    assert.deepEqual(await find("2001:db8:1::2", startSec + 100), past);
    assert.equal(await find("2001:db8:1::2", startSec + 101), undefined, "nobody has it while it rests");

    clock.nowSec += restSec;
    const second = await broker.tunnels.add({ handle: bob, pop, encapsulation: "ayiya" });
    const now = { tunnel: second.id, handle: bob, from: startSec + 1_100, until: undefined };
    assert.deepEqual(await find("2001:db8:1::2", startSec + 1_100), now);
    assert.deepEqual(await find("2001:db8:8000::abcd", startSec + 99_999), now);
    assert.deepEqual(await find("2001:db8:1::2", startSec + 50), past, "the past is not rewritten");
  });

  test("every length that pools give is traced", async ({ broker }) => {
    const handle = await addAccount(broker);
    const lengths = [
      ["aaa01", "2001:db8:a::/64", 64, "2001:db8:a::9"],
      ["bbb01", "2001:db8:b::/126", 127, "2001:db8:b::3"],
      ["ccc01", "2001:db8:c::/127", 128, "2001:db8:c::1"],
    ] as const;
    for (const [name, prefix, lengthBits, address] of lengths) {
      await addPop(broker, { name, tunnelPool: [prefix, lengthBits] });
      const { id } = await broker.tunnels.add({ handle, pop: name, encapsulation: "ayiya" });
      assert.equal((await broker.tunnels.findHolder(ipv6(address), wallSec(startSec)))?.tunnel, id);
    }
    assert.equal(await broker.tunnels.findHolder(ipv6("2001:db8:b::1"), wallSec(startSec)), undefined);
  });

  test("a clock put back ends no holding before it began", async ({ broker, clock }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id, clientAddress } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    clock.nowSec -= 500;
    await broker.tunnels.remove(id);
    assert.deepEqual(await broker.tunnels.findHolder(clientAddress, wallSec(startSec)), {
      tunnel: id,
      handle,
      from: startSec,
      until: startSec,
    });
  });
}
