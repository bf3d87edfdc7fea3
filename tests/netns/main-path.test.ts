import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchPage, island, makeClient, pingSix, startWatch, traceSix, until } from "@tombolo/lab";
import { openWorld, skip } from "./world.ts";

test("a client behind NAT gets IPv6: ping6, traceroute6, a page, and nothing but UDP 5072 on the wire", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  const subscriber = await operator.subscribe("Ada Example");
  const client = makeClient(lab, { node: "laptop", subscriber });
  const wire = await startWatch(lab.node("core"), "fibre", "not arp");
  await client.up();

  const ping = await pingSix(client.node, island.webIpv6, 10);
  assert.equal(ping.received, 10, ping.text);
  assert.deepEqual(await traceSix(client.node, island.webIpv6), [subscriber.popAddress, island.sixIpv6, island.webIpv6]);
  assert.ok((await fetchPage(client.node)).includes(`Hello ${subscriber.clientAddress}, you came by IPv6`));
  assert.equal((await fetchPage(client.node, "bytes/3000000")).length, 3_000_000);

  const strangers = (await wire.stop()).filter(
    (line) => !line.includes(`${island.popIpv4}.5072`) && !line.includes(`${island.brokerIpv4}.3874`),
  );
  // The core's own link-local chatter is not the client's.
  assert.deepEqual(
    strangers.filter((line) => line.includes(island.homeIpv4) || line.includes("proto")),
    [],
  );
});

test("tombolo down ends the tunnel, and device, address and route are gone", { skip }, async () => {
  await using world = await openWorld();
  const client = makeClient(world.lab, { node: "laptop", subscriber: await world.operator.subscribe("Ada Example") });
  const before = await client.node.must(["ip", "-6", "route"]);
  const tunnel = await client.up();
  const down = await client.run(["down"]);
  assert.equal(down.status, 0, down.stderr);
  assert.equal((await tunnel.exited).status, 0);
  assert.doesNotMatch(await client.node.must(["ip", "-br", "link"]), /tombolo/);
  assert.equal(await client.node.must(["ip", "-6", "route"]), before);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} ends tombolo up cleanly`, { skip }, async () => {
    await using world = await openWorld();
    const client = makeClient(world.lab, { node: "laptop", subscriber: await world.operator.subscribe("Ada Example") });
    const tunnel = await client.up();
    tunnel.signal(signal);
    assert.equal((await tunnel.exited).status, 0, tunnel.stderr);
    assert.doesNotMatch(await client.node.must(["ip", "-br", "link"]), /tombolo/);
  });
}

test("two clients behind the same NAT have a tunnel each, and reach each other through the PoP", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  const ada = await operator.subscribe("Ada Example");
  const grace = await operator.subscribe("Grace Example");
  const laptop = makeClient(lab, { node: "laptop", subscriber: ada });
  const desk = makeClient(lab, { node: "desk", subscriber: grace });
  await Promise.all([laptop.up(), desk.up()]);
  assert.ok((await fetchPage(laptop.node)).includes(ada.clientAddress));
  assert.ok((await fetchPage(desk.node)).includes(grace.clientAddress));
  const ping = await pingSix(laptop.node, grace.clientAddress, 5);
  assert.equal(ping.received, 5, ping.text);
});

test("a source that is not the tunnel's never leaves the PoP (BCP 38)", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  const ada = await operator.subscribe("Ada Example");
  const grace = await operator.subscribe("Grace Example");
  const client = makeClient(lab, { node: "laptop", subscriber: ada });
  await client.up();
  const wire = await startWatch(lab.node("six"), "pop0", "icmp6 and ip6[40] == 128");
  const stolen = ["2001:db8:dead::1", grace.clientAddress, island.webIpv6];
  for (const source of stolen) {
    await client.node.must(["ip", "address", "add", `${source}/128`, "dev", "lo", "nodad"]);
    const ping = await client.node.run(["ping", "-6", "-n", "-c", "2", "-i", "0.05", "-W", "1", "-I", source, "2001:db8:80::1"]);
    assert.notEqual(ping.status, 0, `${source}: ${ping.stdout}`);
    await client.node.must(["ip", "address", "del", `${source}/128`, "dev", "lo"]);
  }
  // An honest packet afterwards shows that the observer saw what passed, so that silence before it means something.
  assert.equal((await pingSix(client.node, island.webIpv6, 1)).received, 1);
  await until("the honest packet is seen", { withinMs: 5_000 }, () => wire.lines.some((line) => line.includes(ada.clientAddress)));
  const seen = await wire.stop();
  assert.deepEqual(
    seen.filter((line) => !line.includes(`${ada.clientAddress} > `)),
    [],
  );
});

test("a packet larger than the tunnel's MTU is answered with Packet Too Big, and in pieces it arrives", { skip }, async () => {
  await using world = await openWorld();
  const { lab, operator } = world;
  const subscriber = await operator.subscribe("Ada Example");
  const client = makeClient(lab, { node: "laptop", subscriber });
  await client.up();
  const web = lab.node("web");
  const big = await web.run(["ping", "-6", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-M", "do", "-s", "1400", subscriber.clientAddress]);
  assert.match(big.stdout + big.stderr, /Packet too big: mtu=1280/);
  const pieces = await web.run(["ping", "-6", "-n", "-c", "3", "-i", "0.2", "-W", "2", "-s", "1400", subscriber.clientAddress]);
  assert.match(pieces.stdout, /3 received|2 received/, pieces.stdout);
  const outward = await pingSix(client.node, island.webIpv6, 3);
  assert.equal(outward.received, 3);
});
