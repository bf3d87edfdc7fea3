import { island, type IslandNode } from "../island/island.ts";
import { failFibre, walkToCafe } from "../island/moves.ts";
import { openOperator, type Operator, type Subscriber } from "../island/operator.ts";
import { fetchPage, measureThroughput, pingSix, traceSix } from "../island/proofs.ts";
import { startSteadyPing } from "../island/steady-ping.ts";
import { makeClient, type Client } from "../island/subscriber-client.ts";
import { startWebServer, webUrl } from "../island/web.ts";
import { hasProgram } from "../lab/obstacle.ts";
import type { Lab } from "../lab/open-lab.ts";
import type { LabProcess } from "../process/process.ts";
import { formatMs, formatSpeed, type Figures } from "./figures.ts";
import type { Reporter } from "./reporter.ts";

export interface Stage {
  readonly lab: Lab<IslandNode>;
  readonly reporter: Reporter;
  readonly figures: Figures;
}

interface Running {
  readonly operator: Operator;
  readonly subscriber: Subscriber;
  readonly client: Client;
  readonly tunnel: LabProcess;
}

/** Chapters 2 to 7; the network of chapter 1 stands already. Throws at the first step that fails. */
export async function tellStory(stage: Stage): Promise<void> {
  await showIsland(stage);
  const { operator, subscriber } = await openTombolo(stage);
  const client = makeClient(stage.lab, { node: "laptop", subscriber });
  const running = { operator, subscriber, client, tunnel: await bringUp(stage, client, subscriber) };
  await prove(stage, subscriber);
  await killBroker(stage, running);
  await restartPop(stage, running);
  await moveClient(stage);
  await takeDown(stage, running);
}

async function showIsland({ lab, reporter }: Stage): Promise<void> {
  const laptop = lab.node("laptop");
  await reporter.step("the laptop reaches the PoP by IPv4, through its router's NAT", async () => {
    await laptop.must(["ping", "-n", "-c", "1", "-W", "5", island.popIpv4]);
    return [`laptop ${island.laptopIpv4} → NAT ${island.homeIpv4} → PoP ${island.popIpv4}`];
  });
  await reporter.step("it does not reach the IPv6 web server", async () => {
    await startWebServer(lab);
    const attempt = await laptop.run(["curl", "--silent", "--show-error", "--max-time", "3", webUrl]);
    if (attempt.status === 0) throw new Error("the page came without a tunnel: the lab proves nothing");
    return [`curl ${webUrl}: ${attempt.stderr.replace(/^curl: \(\d+\) /, "").trim()}`];
  });
}

async function openTombolo({ lab, reporter }: Stage): Promise<{ operator: Operator; subscriber: Subscriber }> {
  reporter.chapter("The operator: a broker and a PoP");
  let operator: Operator | undefined;
  let subscriber: Subscriber | undefined;
  await reporter.step("tombolod broker and tombolod pop run", async () => {
    operator = await openOperator(lab);
    return [
      `broker on ${island.brokerIpv4}, PoP nlams01 on ${island.popIpv4}`,
      `pools: ${island.tunnelPool} for tunnels, ${island.delegationPool} for networks behind them`,
    ];
  });
  await reporter.step("tombolod admin makes an account and a tunnel", async () => {
    subscriber = await operator?.subscribe("Ada Example");
    if (subscriber === undefined) throw new Error("there is no operator");
    return [`${subscriber.handle}, ${subscriber.tunnel}: ${subscriber.popAddress} at the PoP, ${subscriber.clientAddress} at the client`];
  });
  if (operator === undefined || subscriber === undefined) throw new Error("a step that succeeds leaves its result");
  return { operator, subscriber };
}

async function bringUp({ reporter }: Stage, client: Client, subscriber: Subscriber): Promise<LabProcess> {
  reporter.chapter("The user: tombolo up, on the laptop");
  let tunnel: LabProcess | undefined;
  await reporter.step(`tombolo up logs in by TIC and opens ${subscriber.tunnel} by AYIYA`, async () => {
    tunnel = await client.up();
    const link = await client.node.must(["ip", "-o", "link", "show", "dev", "tombolo"]);
    const route = await client.node.must(["ip", "-6", "route", "show", "default"]);
    const said = tunnel.stdout.trimEnd().split("\n");
    return [...said, `ip link: ${/mtu \d+/.exec(link)?.[0] ?? ""}; ip -6 route: ${route.trim()}`];
  });
  if (tunnel === undefined) throw new Error("a step that succeeds leaves its result");
  return tunnel;
}

async function prove(stage: Stage, subscriber: Subscriber): Promise<void> {
  const { lab, reporter, figures } = stage;
  const laptop = lab.node("laptop");
  reporter.chapter("The proof: IPv6 behind NAT");
  await reporter.step(`ping6 ${island.webIpv6}`, async () => {
    const ping = await pingSix(laptop, island.webIpv6, 20);
    if (ping.received !== ping.sent || ping.medianMs === undefined) throw new Error(ping.text);
    figures.pingMedianMs = ping.medianMs;
    return [`${ping.received} of ${ping.sent} answered, median ${formatMs(ping.medianMs)}`];
  });
  if (hasProgram("traceroute6")) {
    await reporter.step(`traceroute6 ${island.webIpv6}`, async () => {
      const hops = await traceSix(laptop, island.webIpv6);
      if (hops[0] !== subscriber.popAddress || hops.at(-1) !== island.webIpv6) throw new Error(`the way was ${hops.join(" → ")}`);
      return [hops.join(" → ")];
    });
  }
  await reporter.step(`curl ${webUrl}`, async () => {
    const page = await fetchPage(laptop);
    if (!page.includes(subscriber.clientAddress)) throw new Error(`the server saw somebody else:\n${page}`);
    return page.trimEnd().split("\n");
  });
  if (hasProgram("iperf3")) await reporter.step("iperf3 through the tunnel, MTU 1280, every packet signed", () => measureBothWays(stage));
}

async function measureBothWays({ lab, figures }: Stage): Promise<readonly string[]> {
  const ends = { from: lab.node("laptop"), to: lab.node("web"), toAddress: island.webIpv6, seconds: 2 };
  const up = (await measureThroughput({ ...ends, reverse: false })) ?? 0;
  const down = (await measureThroughput({ ...ends, reverse: true })) ?? 0;
  figures.uploadBitsPerSec = up;
  figures.downloadBitsPerSec = down;
  return [`up ${formatSpeed(up)}, down ${formatSpeed(down)}`];
}

async function killBroker({ lab, reporter, figures }: Stage, { operator }: Running): Promise<void> {
  const laptop = lab.node("laptop");
  reporter.chapter("The broker dies");
  await reporter.step("kill -9 of the broker, with a ping running", async () => {
    const ping = startSteadyPing(laptop, island.webIpv6, 50);
    try {
      await ping.resumedAfter(0, 5_000);
      operator.broker.signal("SIGKILL");
      await operator.broker.exited;
      const deadMs = Date.now();
      await ping.resumedAfter(deadMs + 2_000, 5_000);
    } finally {
      await ping.stop();
    }
    const { answers } = ping;
    const asked = (answers.at(-1)?.sequence ?? 0) - (answers[0]?.sequence ?? 0) + 1;
    figures.lostWithBroker = asked - answers.length;
    if (figures.lostWithBroker > 0) throw new Error(`${figures.lostWithBroker} of ${asked} pings were lost`);
    return [`broker ended by SIGKILL; ${answers.length} of ${asked} pings answered before, during and after`];
  });
  await reporter.step("the PoP goes on without it", async () => {
    const [greeting] = (await fetchPage(laptop)).split("\n");
    return [`curl: ${greeting ?? ""}`];
  });
}

async function restartPop({ lab, reporter, figures }: Stage, { operator, subscriber }: Running): Promise<void> {
  await reporter.step("kill -9 of the PoP too; it starts again from its own disk", async () => {
    await operator.restsOnDisk(subscriber.tunnel);
    const ping = startSteadyPing(lab.node("laptop"), island.webIpv6, 50);
    try {
      await ping.resumedAfter(0, 5_000);
      operator.pop.signal("SIGKILL");
      await operator.pop.exited;
      const deadMs = Date.now();
      await operator.restartPop();
      figures.popRestartMs = await ping.resumedAfter(deadMs, 30_000);
    } finally {
      await ping.stop();
    }
    return [`traffic was back ${formatMs(figures.popRestartMs)} after the kill; nobody logged in again`];
  });
}

async function moveClient({ lab, reporter, figures }: Stage): Promise<void> {
  const laptop = lab.node("laptop");
  reporter.chapter("The client moves, and the broker is still dead");
  const moves = [
    {
      about: `the fibre line fails, the router falls back to mobile: ${island.homeIpv4} → ${island.homeMobileIpv4}`,
      move: failFibre,
      cable: "mobile",
      figure: "natMoveMs",
    },
    {
      about: `the laptop leaves for a café, no NAT there: ${island.laptopIpv4} → ${island.cafeIpv4}`,
      move: walkToCafe,
      cable: "cafe",
      figure: "hostMoveMs",
    },
  ] as const;
  for (const { about, move, cable, figure } of moves) {
    await reporter.step(about, async () => {
      const ping = startSteadyPing(laptop, island.webIpv6, 50);
      try {
        await ping.resumedAfter(0, 5_000);
        await move(lab);
        const movedMs = Date.now();
        figures[figure] = await ping.resumedAfter(movedMs, 30_000);
      } finally {
        await ping.stop();
      }
      const before = await countPackets(lab, cable);
      const [greeting] = (await fetchPage(laptop)).split("\n");
      const carried = (await countPackets(lab, cable)) - before;
      if (carried <= 0) throw new Error(`the cable "${cable}" carried nothing`);
      return [`traffic was back after ${formatMs(figures[figure])}`, `curl: ${greeting ?? ""} (${carried} packets over the new cable)`];
    });
  }
}

/** Packets that came into the core over one of its cables. */
async function countPackets(lab: Lab<IslandNode>, cable: "mobile" | "cafe"): Promise<number> {
  return Number(await lab.node("core").must(["cat", `/sys/class/net/${cable}/statistics/rx_packets`]));
}

async function takeDown({ lab, reporter }: Stage, { client, tunnel }: Running): Promise<void> {
  const laptop = lab.node("laptop");
  reporter.chapter("The end");
  await reporter.step("tombolo down", async () => {
    const down = await client.run(["down"]);
    if (down.status !== 0) throw new Error(`tombolo down ended with ${String(down.status)}:\n${down.stdout}${down.stderr}`);
    const exit = await tunnel.exited;
    if (exit.status !== 0) throw new Error(`tombolo up ended with ${String(exit.status)}:\n${tunnel.stdout}${tunnel.stderr}`);
    const links = await laptop.must(["ip", "-br", "link"]);
    const routes = await laptop.must(["ip", "-6", "route", "show", "default"]);
    if (links.includes("tombolo") || routes.trim() !== "") throw new Error(`left behind:\n${links}${routes}`);
    return ["device, address and route are gone; tombolo up ended with status 0"];
  });
}
