import assert from "node:assert/strict";
import { wallSec } from "@tombolo/base";
import type { Observation, TunnelId } from "@tombolo/broker";
import type { OpenFreshStore } from "../fresh.ts";
import { addAccount, addPop, ipv4, startSec } from "../world.ts";
import { inWorld, refuses } from "./in-world.ts";

const pop = "nlams01";

function endpoint(tunnel: TunnelId, address: string, port: number, at: number): Observation {
  return { kind: "endpoint", tunnel, ipv4: ipv4(address), port, at: wallSec(at) };
}

function counters(tunnel: TunnelId, at: number, inPackets: number): Observation {
  return { kind: "counters", tunnel, at: wallSec(at), inPackets, inBytes: 2, outPackets: 3, outBytes: 2 ** 52, drops: 5 };
}

export function testObservations(openFreshStore: OpenFreshStore): void {
  const test = inWorld(openFreshStore, { settings: { endpointsKept: 3 } });

  test("what a PoP saw is held as the newest of each kind and raises no revision", async ({ broker, store, clock }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const { revision } = await broker.states.snapshot(pop);
    clock.nowSec += 100;
    const told = await broker.states.observe(pop, [
      endpoint(id, "198.51.100.7", 4001, startSec + 10),
      { kind: "seen", tunnel: id, at: wallSec(startSec + 60) },
      { kind: "seen", tunnel: id, at: wallSec(startSec + 20) },
      counters(id, startSec + 60, 7),
    ]);
    assert.deepEqual(told, { taken: 4, refused: 0 });
    const tunnel = await broker.tunnels.get(id);
    assert.deepEqual(tunnel.endpoint, { ipv4: ipv4("198.51.100.7"), port: 4001, since: startSec + 10 });
    assert.equal(tunnel.lastSeenAt, startSec + 60);

    await broker.states.observe(pop, [{ kind: "seen", tunnel: id, at: wallSec(startSec + 30) }, counters(id, startSec + 30, 1)]);
    assert.equal((await broker.tunnels.get(id)).lastSeenAt, startSec + 60, "older news changes nothing");
    assert.deepEqual(await store.read(({ observations }) => observations.findCounters(id)), {
      at: startSec + 60,
      inPackets: 7,
      inBytes: 2,
      outPackets: 3,
      outBytes: 2 ** 52,
      drops: 5,
    });
    assert.equal(await broker.states.changesSince(pop, revision), undefined);
  });

  test("endpoints are remembered when they change, the newest first, no more than are kept", async ({ broker, clock }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    clock.nowSec += 1_000;
    for (const [i, port] of [4001, 4001, 4002, 4003, 4004].entries()) {
      await broker.states.observe(pop, [endpoint(id, "198.51.100.7", port, startSec + i)]);
    }
    const summary = async () => (await broker.tunnels.listEndpoints(id)).map(({ port, since }) => [port, since - startSec]);
    assert.deepEqual(await summary(), [
      [4004, 4],
      [4003, 3],
      [4002, 2],
    ]);
    await broker.states.observe(pop, [endpoint(id, "198.51.100.7", 4000, startSec)]);
    assert.equal((await broker.tunnels.get(id)).endpoint?.port, 4004, "an old report moves nothing");
    await broker.tunnels.remove(id);
    assert.equal((await summary()).length, 3, "the history outlives the tunnel");
    assert.deepEqual(await broker.tunnels.listEndpoints("Tx" as "T1"), []);
  });

  test("news of tunnels elsewhere, gone or impossible is refused and counted", async ({ broker }) => {
    await addPop(broker);
    await addPop(broker, { name: "deham01", tunnelPool: ["2001:db8:2::/48", 64] });
    const handle = await addAccount(broker);
    const here = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const there = await broker.tunnels.add({ handle, pop: "deham01", encapsulation: "ayiya" });
    const told = await broker.states.observe(pop, [
      { kind: "seen", tunnel: there.id, at: wallSec(startSec) },
      { kind: "seen", tunnel: "T99", at: wallSec(startSec) },
      { kind: "seen", tunnel: "T'; drop" as TunnelId, at: wallSec(startSec) },
      { kind: "seen", tunnel: here.id, at: wallSec(-1) },
      endpoint(here.id, "127.0.0.1", 4000, startSec),
      endpoint(here.id, "198.51.100.7", 65_536, startSec),
      counters(here.id, startSec, -1),
      counters(here.id, startSec, 0.5),
      { kind: "seen", tunnel: here.id, at: wallSec(startSec) },
    ]);
    assert.deepEqual(told, { taken: 1, refused: 8 });
    assert.equal((await broker.tunnels.get(there.id)).lastSeenAt, undefined);
    assert.deepEqual(await broker.states.observe(pop, []), { taken: 0, refused: 0 });
    await refuses(broker.states.observe("usbos01", []), "pop-not-found");
  });

  test("a PoP whose clock runs ahead does not make its news the newest for ever", async ({ broker, clock }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    await broker.states.observe(pop, [endpoint(id, "198.51.100.7", 4001, startSec + 9_999_999)]);
    assert.equal((await broker.tunnels.get(id)).lastSeenAt, startSec);
    clock.nowSec += 5;
    await broker.states.observe(pop, [endpoint(id, "198.51.100.8", 4001, startSec + 5)]);
    assert.deepEqual((await broker.tunnels.get(id)).endpoint?.ipv4, ipv4("198.51.100.8"));
  });

  test("a batch over thousands of tunnels is one call", async ({ broker, store }) => {
    await addPop(broker);
    const handle = await addAccount(broker);
    const { id } = await broker.tunnels.add({ handle, pop, encapsulation: "ayiya" });
    const unknown = Array.from({ length: 5_000 }, (_, i): Observation => ({
      kind: "seen",
      tunnel: `T${i + 2_000}`,
      at: wallSec(startSec),
    }));
    const told = await broker.states.observe(pop, [...unknown, { kind: "seen", tunnel: id, at: wallSec(startSec) }]);
    assert.deepEqual(told, { taken: 1, refused: 5_000 });
    const here = await store.read(({ observations }) => observations.listAt(pop, [...unknown.map((row) => row.tunnel), id]));
    assert.deepEqual(here, new Set([id]));
  });
}
