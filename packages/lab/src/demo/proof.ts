import { island } from "../island/island.ts";
import type { Subscriber } from "../island/operator.ts";
import { fetchPage, measureThroughput, pingSix, traceSix } from "../island/proofs.ts";
import { webUrl } from "../island/web.ts";
import { hasProgram } from "../lab/obstacle.ts";
import { formatMs, formatSpeed } from "./figures.ts";
import type { Stage } from "./stage.ts";

export async function prove({ lab, reporter, figures }: Stage, subscriber: Subscriber): Promise<void> {
  const laptop = lab.node("laptop");
  reporter.chapter("The proof: IPv6 behind NAT");
  await reporter.step(`ping6 ${island.webIpv6}`, async (tell) => {
    const ping = await pingSix(laptop, island.webIpv6, 20);
    if (ping.received !== ping.sent || ping.medianMs === undefined) throw new Error(ping.text);
    figures.pingMedianMs = ping.medianMs;
    tell(`${ping.received} of ${ping.sent} answered, median ${formatMs(ping.medianMs)}`);
  });
  if (hasProgram("traceroute6")) {
    await reporter.step(`traceroute6 ${island.webIpv6}`, async (tell) => {
      const hops = await traceSix(laptop, island.webIpv6);
      if (hops[0] !== subscriber.popAddress || hops.at(-1) !== island.webIpv6) throw new Error(`the way was ${hops.join(" → ")}`);
      tell(hops.join(" → "));
    });
  }
  await reporter.step(`curl ${webUrl}`, async (tell) => {
    const page = await fetchPage(laptop);
    if (!page.includes(subscriber.clientAddress)) throw new Error(`the server saw somebody else:\n${page}`);
    for (const line of page.trimEnd().split("\n")) tell(line);
  });
  if (!hasProgram("iperf3")) return;
  await reporter.step("iperf3 through the tunnel, MTU 1280, every packet signed", async (tell) => {
    const ends = { from: laptop, to: lab.node("web"), toAddress: island.webIpv6, seconds: 2 };
    figures.uploadBitsPerSec = await measureThroughput({ ...ends, reverse: false });
    figures.downloadBitsPerSec = await measureThroughput({ ...ends, reverse: true });
    tell(`up ${formatSpeed(figures.uploadBitsPerSec)}, down ${formatSpeed(figures.downloadBitsPerSec)}`);
  });
}
