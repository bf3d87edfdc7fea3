import { island } from "../island/island.ts";
import { popName } from "../island/operator-files.ts";
import { openOperator, type Operator, type Subscriber } from "../island/operator.ts";
import type { Client } from "../island/subscriber-client.ts";
import { startWebServer, webUrl } from "../island/web.ts";
import type { LabProcess } from "../process/process.ts";
import type { Stage } from "./stage.ts";

export async function showIsland({ lab, reporter }: Stage): Promise<void> {
  const laptop = lab.node("laptop");
  await reporter.step("the laptop reaches the PoP by IPv4, through its router's NAT", async (tell) => {
    await laptop.must(["ping", "-n", "-c", "1", "-W", "5", island.popIpv4]);
    tell(`laptop ${island.laptopIpv4} → NAT ${island.homeIpv4} → PoP ${island.popIpv4}`);
  });
  await reporter.step("it does not reach the IPv6 web server", async (tell) => {
    await startWebServer(lab);
    const attempt = await laptop.run(["curl", "--silent", "--show-error", "--max-time", "3", webUrl]);
    if (attempt.status === 0) throw new Error("the page came without a tunnel: the lab proves nothing");
    tell(`curl ${webUrl}: ${attempt.stderr.replace(/^curl: \(\d+\) /, "").trim()}`);
  });
}

export async function openTombolo({ lab, reporter }: Stage): Promise<{ operator: Operator; subscriber: Subscriber }> {
  reporter.chapter("The operator: a broker and a PoP");
  const operator = await reporter.step("tombolod broker and tombolod pop run", async (tell) => {
    const opened = await openOperator(lab);
    tell(`broker on ${island.brokerIpv4}, PoP ${popName} on ${island.popIpv4}`);
    tell(`pools: ${island.tunnelPool} for tunnels, ${island.delegationPool} for networks behind them`);
    return opened;
  });
  const subscriber = await reporter.step("tombolod admin makes an account and a tunnel", async (tell) => {
    const made = await operator.subscribe("Ada Example");
    tell(`${made.handle}, ${made.tunnel}: ${made.popAddress} at the PoP, ${made.clientAddress} at the client`);
    return made;
  });
  return { operator, subscriber };
}

export async function bringUp({ reporter }: Stage, client: Client, subscriber: Subscriber): Promise<LabProcess> {
  reporter.chapter("The user: tombolo up, on the laptop");
  return reporter.step(`tombolo up logs in by TIC and opens ${subscriber.tunnel} by AYIYA`, async (tell) => {
    const tunnel = await client.up();
    const link = await client.node.must(["ip", "-o", "link", "show", "dev", "tombolo"]);
    const route = await client.node.must(["ip", "-6", "route", "show", "default"]);
    for (const line of tunnel.stdout.trimEnd().split("\n")) tell(line);
    tell(`ip link: ${/mtu \d+/.exec(link)?.[0] ?? ""}; ip -6 route: ${route.trim()}`);
    return tunnel;
  });
}
