import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { formatHex, encodeIpv6, parseIpv6 } from "@tombolo/base";
import {
  failFibre,
  fetchPage,
  findBinary,
  island,
  makeClient,
  pingSix,
  popName,
  restoreFibre,
  startWatch,
  until,
  type Client,
  type LabNode,
  type LabProcess,
  type Subscriber,
} from "@tombolo/lab";
import { openWorld, skip, type World } from "./world.ts";

/* Tunnels of protocol 41 end at the home router, which has a public IPv4 address, as they did at most users'. */

let world: World;

before(async () => {
  if (skip !== false) return;
  world = await openWorld();
  // A pool for whole /48s, and the way back to it.
  await world.operator.admin(["pool", "add", "2001:db8:100::/40", "--pop", popName, "--purpose", "delegation", "--length", "48"]);
  await world.lab.node("six").must(["ip", "-6", "route", "add", "2001:db8:100::/40", "via", island.popUplinkIpv6]);
});

after(async () => {
  if (skip === false) await world.close();
});

interface AtPop {
  readonly state: string;
  readonly endpoint: string | null;
  readonly endpointProven: boolean;
  readonly latency: { readonly received: number } | null;
  readonly drops: readonly {
    readonly reason: string;
    readonly class: string | null;
    readonly count: number;
    readonly lastSource: string;
  }[];
}

/** What `tombolod admin tunnel show` says on the PoP's host. */
async function showAtPop(tunnel: string): Promise<AtPop> {
  const shown = (await world.operator.atPop(["tunnel", "show", tunnel])) as { readonly atPop: AtPop };
  return shown.atPop;
}

/** A subscriber whose tunnel is of `type`, once the PoP has it. */
async function subscribe(type: "ayiya" | "heartbeat" | "6in4", endpoint?: string): Promise<Subscriber> {
  const subscriber = await world.operator.subscribe("Ada Example");
  const words = ["tunnel", "change", subscriber.tunnel, "--type", type];
  if (type !== "ayiya") await world.operator.admin(endpoint === undefined ? words : [...words, "--endpoint", endpoint]);
  await until(`the PoP has ${subscriber.tunnel} as ${type}`, { withinMs: 10_000 }, async () => {
    const shown = (await world.operator.atPop(["tunnel", "show", subscriber.tunnel]).catch(() => undefined)) as
      | { readonly atPop: { readonly type: string } | null }
      | undefined;
    return shown?.atPop?.type === type;
  });
  return subscriber;
}

/** `tombolo up` on the home router. */
async function upAtHome(t: TestContext, subscriber: Subscriber): Promise<{ readonly client: Client; readonly tunnel: LabProcess }> {
  const client = makeClient(world.lab, { node: "home", subscriber });
  t.after(() => client.run(["down"]));
  return { client, tunnel: await client.up() };
}

async function secretOf(subscriber: Subscriber): Promise<string> {
  return ((await world.operator.admin(["tunnel", "secret", subscriber.tunnel])) as { readonly secret: string }).secret;
}

/** A beat to the byte (heartbeat sheet, section 3), as hexadecimal digits. */
function beatOf(address: string, timeSec: number, secret: string, sender = "sender"): string {
  const head = `HEARTBEAT TUNNEL ${address} ${sender} ${timeSec} `;
  const digest = createHash("md5").update(`${head}${secret}`, "latin1").digest("hex");
  return Buffer.from(`${head}${digest}`, "latin1").toString("hex");
}

/** Sends datagrams to the heartbeat port and returns how many came back. */
async function sendBeats(from: LabNode, ...beats: readonly string[]): Promise<number> {
  const printed = await runProgram(from, "replay", [island.popIpv4, 3740, 1, 300, ...beats]);
  return (JSON.parse(printed) as { readonly received: { readonly count: number } }).received.count;
}

async function runProgram(node: LabNode, name: string, words: readonly (string | number)[]): Promise<string> {
  const file = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  return node.must([process.execPath, "--conditions=source", file, ...words.map(String)]);
}

function nowSec(): number {
  return Math.floor(Date.now() / 1000);
}

function hexOf(address: string): string {
  const parsed = parseIpv6(address);
  assert.ok(parsed.ok);
  return formatHex(encodeIpv6(parsed.value));
}

test("heartbeat: up, only protocol 41 and beats on the wire, and it follows the line's new address", { skip }, async (t) => {
  const subscriber = await subscribe("heartbeat");
  const wire = await startWatch(world.lab.node("core"), { device: "fibre", filter: "ip and not arp and not port 3874" });
  const { client } = await upAtHome(t, subscriber);
  const ping = await pingSix(client.node, island.webIpv6, 5);
  assert.equal(ping.received, 5, ping.text);
  assert.match(await fetchPage(client.node), new RegExp(`Hello ${subscriber.clientAddress}`));
  const strangers = (await wire.stop()).filter(({ summary }) => !/IP6|\.3740: /.test(summary));
  assert.deepEqual(strangers, []);
  assert.deepEqual([(await showAtPop(subscriber.tunnel)).state, (await showAtPop(subscriber.tunnel)).endpoint], ["up", island.homeIpv4]);
  t.after(() => restoreFibre(world.lab));
  await failFibre(world.lab);
  await until("the PoP follows to the mobile line", { withinMs: 60_000, everyMs: 500 }, async () => {
    const { endpoint, endpointProven } = await showAtPop(subscriber.tunnel);
    return endpoint === island.homeMobileIpv4 && endpointProven;
  });
  assert.equal((await pingSix(client.node, island.webIpv6, 3)).received, 3);
});

test("static 6in4: nothing goes to the configured endpoint until it answers, then all of it", { skip }, async (t) => {
  const subscriber = await subscribe("6in4", island.homeIpv4);
  assert.deepEqual([(await showAtPop(subscriber.tunnel)).state, (await showAtPop(subscriber.tunnel)).endpointProven], ["unproven", false]);
  const { client } = await upAtHome(t, subscriber);
  assert.equal((await pingSix(client.node, island.webIpv6, 5)).received, 5);
  assert.deepEqual([(await showAtPop(subscriber.tunnel)).state, (await showAtPop(subscriber.tunnel)).endpoint], ["up", island.homeIpv4]);
});

test("the delegated /48 reaches a host in the LAN behind the client", { skip }, async (t) => {
  const subscriber = await subscribe("heartbeat");
  const added = (await world.operator.admin(["delegation", "add", subscriber.tunnel, "/48"])) as { readonly prefix: string };
  const lan = added.prefix.replace("::/48", ":1");
  const { client } = await upAtHome(t, subscriber);
  const [home, desk] = [client.node, world.lab.node("desk")];
  t.after(async () => {
    await home.run(["ip", "-6", "address", "del", `${lan}::1/64`, "dev", "lan"]);
    await desk.run(["ip", "-6", "address", "flush", "dev", "eth0", "scope", "global"]);
  });
  await home.must(["sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1"]);
  await home.must(["ip", "-6", "address", "add", `${lan}::1/64`, "dev", "lan", "nodad"]);
  await desk.must(["ip", "-6", "address", "add", `${lan}::2/64`, "dev", "eth0", "nodad"]);
  await desk.must(["ip", "-6", "route", "replace", "default", "via", `${lan}::1`]);
  await until("the LAN host reaches the web", { withinMs: 10_000 }, async () => (await pingSix(desk, island.webIpv6, 1)).received === 1);
  assert.match(await fetchPage(desk), new RegExp(`Hello ${lan}::2`));
  assert.equal((await pingSix(world.lab.node("web"), `${lan}::2`, 3)).received, 3);
});

test(
  "replayed, late, forged, misnamed and unasked-for beats move nothing, are not answered, and are named to the operator",
  { skip },
  async (t) => {
    const subscriber = await subscribe("heartbeat");
    const secret = await secretOf(subscriber);
    const wire = await startWatch(world.lab.node("core"), { device: "fibre", filter: "udp dst port 3740", payloads: true });
    const { client } = await upAtHome(t, subscriber);
    await until("a beat is captured", { withinMs: 10_000 }, () => wire.packets.length > 0);
    const captured = (await wire.stop()).map(({ payload }) => payload);
    const ayiya = await subscribe("ayiya");
    const { clientAddress: address } = subscriber;
    const answers = await sendBeats(
      world.lab.node("broker"),
      ...captured.slice(-1),
      beatOf(address, nowSec() - 500, secret),
      beatOf(address, nowSec() + 1, "not the secret"),
      beatOf(address, nowSec() + 1, secret, "198.51.100.77"),
      beatOf(ayiya.clientAddress, nowSec(), await secretOf(ayiya)),
      "ff".repeat(2000),
    );
    assert.equal(answers, 0, "the heartbeat port says nothing");
    const shown = await showAtPop(subscriber.tunnel);
    assert.deepEqual(
      shown.drops
        .map(({ reason }) => reason)
        .filter((reason) => reason.startsWith("beat-"))
        .toSorted(),
      ["beat-clock-off", "beat-digest-wrong", "beat-replayed", "beat-sender-mismatch"],
    );
    assert.ok(
      shown.drops
        .filter(({ reason }) => reason.startsWith("beat-"))
        .every(({ lastSource }) => lastSource.startsWith(`${island.brokerIpv4}:`)),
    );
    assert.deepEqual([shown.endpoint, shown.state], [island.homeIpv4, "up"]);
    assert.equal((await showAtPop(ayiya.tunnel)).drops[0]?.class, "HB-non-HB");
    assert.equal((await pingSix(client.node, island.webIpv6, 3)).received, 3);
  },
);

test("a tunnel that was switched off takes no beats and no packets, and both are named", { skip }, async (t) => {
  const subscriber = await subscribe("heartbeat");
  const { client } = await upAtHome(t, subscriber);
  await world.operator.admin(["tunnel", "disable", subscriber.tunnel]);
  await until("the PoP knows", { withinMs: 10_000 }, async () => (await showAtPop(subscriber.tunnel)).state === "disabled");
  await sendBeats(client.node, beatOf(subscriber.clientAddress, nowSec(), await secretOf(subscriber)));
  assert.equal((await pingSix(client.node, island.webIpv6, 1)).received, 0);
  const reasons = (await showAtPop(subscriber.tunnel)).drops.map(({ reason }) => reason);
  assert.ok(reasons.includes("beat-tunnel-disabled") && reasons.includes("tunnel-disabled"), reasons.join());
});

test("the historic client's login, to the byte, is told the tunnel; its two equal beats bring it up", { skip }, async () => {
  const subscriber = await subscribe("heartbeat");
  const home = world.lab.node("home");
  const printed = await runProgram(home, "historic-login", [island.brokerIpv4, subscriber.handle, subscriber.accessKey, subscriber.tunnel]);
  const told = JSON.parse(printed) as Readonly<Record<string, string>>;
  assert.match(told["login"] ?? "", /^200 /, printed);
  assert.deepEqual([told["Type"], told["IPv4 POP"], told["IPv6 Endpoint"]], ["6in4-heartbeat", island.popIpv4, subscriber.clientAddress]);
  const beat = beatOf(told["IPv6 Endpoint"] ?? "", nowSec(), told["Password"] ?? "");
  assert.equal(await sendBeats(home, beat, beat), 0);
  const shown = await showAtPop(subscriber.tunnel);
  assert.deepEqual(
    [shown.state, shown.endpoint, shown.drops.filter(({ reason }) => reason.startsWith("beat-"))],
    ["up", island.homeIpv4, []],
  );
});

test("the historic client's AYIYA packets, to the byte, bring its echo's answer back", { skip }, async () => {
  const subscriber = await subscribe("ayiya");
  const words = [island.popIpv4, await secretOf(subscriber), hexOf(subscriber.clientAddress), hexOf(subscriber.popAddress)];
  const answer = await runProgram(world.lab.node("laptop"), "historic-ayiya", words);
  assert.match(answer, /^41521129/);
  assert.equal(answer.slice(16, 48), hexOf(subscriber.popAddress), "the PoP signs as ::1");
  assert.match(answer.trim(), /123400015369785853212121$/);
});

test("bin/aiccu with an old aiccu.conf carries a heartbeat tunnel", { skip }, async (t) => {
  const subscriber = await subscribe("heartbeat");
  const home = world.lab.node("home");
  const file = join(world.lab.folder, "aiccu.conf");
  const lines = [
    `username ${subscriber.handle}`,
    `password ${subscriber.accessKey}`,
    "protocol tic",
    `server ${island.brokerIpv4}`,
    "ipv6_interface sixxs",
    `tunnel_id ${subscriber.tunnel}`,
    "daemonize false",
    `pidfile ${join(world.lab.folder, "aiccu.pid")}`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  const running = home.start([findBinary("aiccu"), "start", file]);
  t.after(() => running.end());
  await until("IPv6 works", { withinMs: 30_000, everyMs: 300, explain: () => running.stdout + running.stderr }, async () => {
    return (await pingSix(home, island.webIpv6, 1)).received === 1;
  });
  assert.match(await fetchPage(home), new RegExp(`Hello ${subscriber.clientAddress}`));
});

test("a trace tells each decision as it happens, and ends by itself", { skip }, async (t) => {
  const subscriber = await subscribe("heartbeat");
  const { client } = await upAtHome(t, subscriber);
  const pop = world.lab.node("pop");
  const config = join(world.lab.folder, "pop", "tombolo.toml");
  const tracing = pop.start([findBinary("tombolod"), "admin", "tunnel", "trace", subscriber.tunnel, "--seconds", "8", "--config", config]);
  await until("a packet is traced", { withinMs: 7_000, explain: () => tracing.stdout + tracing.stderr }, async () => {
    await pingSix(client.node, island.webIpv6, 1);
    return /in +carried/.test(tracing.stdout);
  });
  assert.equal((await tracing.exited).status, 0, tracing.stderr);
});

test("a PoP that is killed and starts anew has every tunnel, and the client returns by itself", { skip }, async (t) => {
  const subscriber = await subscribe("heartbeat");
  const others = await Promise.all([subscribe("ayiya"), subscribe("6in4", island.cafeIpv4)]);
  const { client, tunnel } = await upAtHome(t, subscriber);
  await world.operator.restsOnDisk(others[1]?.tunnel ?? "");
  world.operator.pop.signal("SIGKILL");
  await world.operator.pop.exited;
  await world.operator.restartPop();
  for (const { tunnel: id } of [subscriber, ...others])
    await until(`the PoP has ${id}`, { withinMs: 10_000 }, async () => {
      const shown = (await world.operator.atPop(["tunnel", "show", id]).catch(() => undefined)) as { readonly atPop: unknown } | undefined;
      return shown !== undefined && shown.atPop !== null;
    });
  await until(
    "IPv6 works again",
    { withinMs: 60_000, everyMs: 500 },
    async () => (await pingSix(client.node, island.webIpv6, 1)).received === 1,
  );
  assert.ok(tunnel.running);
});
