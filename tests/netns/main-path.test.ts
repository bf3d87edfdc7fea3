import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { countFetchedBytes, fetchPage, island, makeClient, pingSix, startWatch, traceSix } from "@tombolo/lab";
import { connect, openWorld, skip, type World } from "./world.ts";

let world: World;

before(async () => {
  if (skip === false) world = await openWorld();
});

after(async () => {
  if (skip === false) await world.close();
});

test("a client behind NAT gets IPv6: ping6, traceroute6, a page, and nothing but UDP 5072 on the wire", { skip }, async (t) => {
  const wire = await startWatch(world.lab.node("core"), { device: "fibre", filter: "not arp" });
  const { subscriber, client } = await connect(t, world);
  const ping = await pingSix(client.node, island.webIpv6, 10);
  assert.equal(ping.received, 10, ping.text);
  assert.deepEqual(await traceSix(client.node, island.webIpv6), [subscriber.popAddress, island.sixIpv6, island.webIpv6]);
  assert.ok((await fetchPage(client.node)).includes(`Hello ${subscriber.clientAddress}, you came by IPv6`));
  assert.equal(await countFetchedBytes(client.node, 3_000_000), 3_000_000);

  const seen = (await wire.stop()).map(({ summary }) => summary);
  const toPop = seen.filter((line) => line.includes(`${island.homeIpv4}.`) && line.includes(`${island.popIpv4}.5072`));
  assert.ok(toPop.length > 20, `${toPop.length} packets of the tunnel were seen`);
  // IPv6 on this cable is only what two kernels tell each other about themselves; the login is TCP 3874.
  const strangers = seen.filter((line) => !toPop.includes(line) && !/fe80::|> ff02::/.test(line));
  assert.deepEqual(
    strangers.filter((line) => !line.includes(`${island.brokerIpv4}.3874`)),
    [],
  );
});

test("tombolo down ends the tunnel, and device, address and route are gone", { skip }, async (t) => {
  const before = await world.lab.node("laptop").must(["ip", "-6", "route"]);
  const { client, tunnel } = await connect(t, world);
  const down = await client.run(["down"]);
  assert.equal(down.status, 0, down.stderr);
  assert.equal((await tunnel.exited).status, 0);
  assert.doesNotMatch(await client.node.must(["ip", "-br", "link"]), /tombolo/);
  assert.equal(await client.node.must(["ip", "-6", "route"]), before);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} ends tombolo up cleanly`, { skip }, async (t) => {
    const { client, tunnel } = await connect(t, world);
    tunnel.signal(signal);
    assert.equal((await tunnel.exited).status, 0, tunnel.stderr);
    assert.doesNotMatch(await client.node.must(["ip", "-br", "link"]), /tombolo/);
  });
}

test("tombolo up --background frees the shell when IPv6 works, and tombolo down ends it", { skip }, async () => {
  const client = makeClient(world.lab, { node: "laptop", subscriber: await world.operator.subscribe("Ada Example") });
  const up = await client.run(["up", "--background"]);
  assert.equal(up.status, 0, up.stdout + up.stderr);
  assert.equal((await pingSix(client.node, island.webIpv6, 3)).received, 3);
  const down = await client.run(["down"]);
  assert.equal(down.status, 0, down.stderr);
  assert.doesNotMatch(await client.node.must(["ip", "-br", "link"]), /tombolo/);
});

test("two clients behind the same NAT have a tunnel each, and reach each other through the PoP", { skip }, async (t) => {
  const [laptop, desk] = await Promise.all([connect(t, world, "laptop"), connect(t, world, "desk")]);
  assert.ok((await fetchPage(laptop.client.node)).includes(laptop.subscriber.clientAddress));
  assert.ok((await fetchPage(desk.client.node)).includes(desk.subscriber.clientAddress));
  const ping = await pingSix(laptop.client.node, desk.subscriber.clientAddress, 5);
  assert.equal(ping.received, 5, ping.text);
});

test("the delegated /64 is routed to the client, and what is behind it reaches the web by its own address", { skip }, async (t) => {
  const { subscriber, client } = await connect(t, world);
  const [delegation] = subscriber.delegations;
  assert.ok(delegation !== undefined, "every tunnel gets a default /64");
  const behind = delegation.replace("/64", "53");
  await client.node.must(["ip", "address", "add", `${behind}/128`, "dev", "lo", "nodad"]);
  const inward = await pingSix(world.lab.node("web"), behind, 3);
  assert.equal(inward.received, 3, inward.text);
  const outward = await client.node.run(["ping", "-6", "-n", "-c", "3", "-i", "0.05", "-W", "2", "-I", behind, island.webIpv6]);
  assert.equal(outward.status, 0, outward.stdout);
});

test("a packet larger than the tunnel's MTU is answered with Packet Too Big, and in pieces it arrives", { skip }, async (t) => {
  const { subscriber, client } = await connect(t, world);
  const web = world.lab.node("web");
  const big = await web.run(["ping", "-6", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-M", "do", "-s", "1400", subscriber.clientAddress]);
  assert.match(big.stdout + big.stderr, /Packet too big: mtu=1280/);
  const pieces = await web.run(["ping", "-6", "-n", "-c", "3", "-i", "0.2", "-W", "2", "-s", "1400", subscriber.clientAddress]);
  assert.match(pieces.stdout, / 3 received/, pieces.stdout);
  const own = await client.node.run(["ping", "-6", "-n", "-c", "1", "-W", "1", "-M", "do", "-s", "1400", island.webIpv6]);
  assert.match(own.stdout + own.stderr, /[Mm]essage too long|mtu[=:] ?1280/, "the client's own kernel knows the MTU");
});
