import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fetchPage, island, pingSix, startSteadyPing, startWatch, until, wallMs, type LabNode } from "@tombolo/lab";
import { connect, openWorld, skip, type World } from "./world.ts";

let world: World;

before(async () => {
  if (skip === false) world = await openWorld();
});

after(async () => {
  if (skip === false) await world.close();
});

async function runProgram(node: LabNode, name: string, words: readonly (string | number)[]): Promise<string> {
  const file = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  return node.must([process.execPath, file, ...words.map(String)]);
}

test("a source that is not the tunnel's never leaves the PoP (BCP 38)", { skip }, async (t) => {
  const { lab } = world;
  const other = await world.operator.subscribe("Grace Example");
  const { subscriber, client } = await connect(t, world);
  // 40 bytes of IPv6, 8 of ICMPv6 and 777 of data, behind 44 of AYIYA: a length that nothing else here has.
  const arriving = await startWatch(lab.node("pop"), {
    device: "eth0",
    filter: `udp dst port 5072 and udp[4:2] == ${8 + 44 + 40 + 8 + 777}`,
  });
  const leaving = await startWatch(lab.node("six"), { device: "pop0", filter: "icmp6 and ip6[40] == 128" });
  const stolen = ["2001:db8:dead::1", other.clientAddress, island.webIpv6];
  for (const [index, source] of stolen.entries()) {
    await client.node.must(["ip", "address", "add", `${source}/128`, "dev", "lo", "nodad"]);
    const ping = await client.node.run(["ping", "-6", "-n", "-c", "2", "-i", "0.05", "-W", "1", "-s", "777", "-I", source, island.sixIpv6]);
    assert.notEqual(ping.status, 0, `${source}: ${ping.stdout}`);
    await until(`packets from ${source} arrive at the PoP`, { withinMs: 5_000 }, () => arriving.packets.length >= 2 * (index + 1));
    await client.node.must(["ip", "address", "del", `${source}/128`, "dev", "lo"]);
  }
  // An honest packet afterwards shows that the observer sees what passes, so that its silence means something.
  assert.equal((await pingSix(client.node, island.webIpv6, 1)).received, 1);
  const honest = `${subscriber.clientAddress} > `;
  await until("the honest packet is seen", { withinMs: 5_000 }, () => leaving.packets.some(({ summary }) => summary.includes(honest)));
  const dishonest = (await leaving.stop()).filter(({ summary }) => !summary.includes(honest));
  await arriving.stop();
  assert.deepEqual(dishonest, []);
});

test("captured packets sent again from elsewhere move nothing, and the PoP does not become their amplifier", { skip }, async (t) => {
  const { client } = await connect(t, world);
  const wire = await startWatch(world.lab.node("core"), {
    device: "fibre",
    filter: `udp dst port 5072 and dst host ${island.popIpv4}`,
    payloads: true,
  });
  const ping = startSteadyPing(client.node, island.webIpv6, 20);
  await until("some packets are captured", { withinMs: 10_000 }, () => wire.packets.length >= 20);
  const captured = (await wire.stop()).slice(0, 20).map(({ payload }) => payload);
  assert.match(captured[0] ?? "", /^4152(1129|103b)/, "these are AYIYA packets");

  const printed = await runProgram(world.lab.node("broker"), "replay", [island.popIpv4, 5072, 10, 1_500, ...captured]);
  const { sent, received } = JSON.parse(printed) as Record<"sent" | "received", { count: number; bytes: number }>;
  assert.equal(sent.count, 200);
  // A candidate gets at most three times what came from it (protocol sheet, section 11).
  assert.ok(received.bytes <= 3 * sent.bytes, printed);
  await ping.resumedAfter(wallMs(), 5_000);
  await ping.stop();
  const { answers } = ping;
  assert.equal(answers.length, (answers.at(-1)?.sequence ?? 0) - (answers[0]?.sequence ?? 0) + 1, "no ping was lost meanwhile");
  assert.match(await fetchPage(client.node), /you came by IPv6/);
});

test("noise at every door: the tunnel goes on, and so do broker and PoP", { skip }, async (t) => {
  const { lab, operator } = world;
  const { client } = await connect(t, world);
  const thrower = lab.node("desk");
  for (const [index, port] of [5072, 3653].entries()) {
    assert.equal(await runProgram(thrower, "throw-garbage", [island.popIpv4, port, 5_000, 4_711 + index]), "sent 5000\n");
  }
  await thrower.run(["sh", "-c", `head -c 3000000 /dev/urandom | curl --silent --max-time 5 telnet://${island.brokerIpv4}:3874`]);
  const ping = await pingSix(client.node, island.webIpv6, 10);
  assert.equal(ping.received, 10, ping.text);
  assert.ok(operator.pop.running && operator.broker.running);
  const tunnels = await client.run(["tunnels"]);
  assert.equal(tunnels.status, 0, tunnels.stderr);
});
