import { island, type IslandNode } from "../island/island.ts";
import { failFibre, walkToCafe } from "../island/moves.ts";
import { fetchPage } from "../island/proofs.ts";
import { startSteadyPing } from "../island/steady-ping.ts";
import type { Lab } from "../lab/open-lab.ts";
import { wallMs } from "../wait/clocks.ts";
import { formatMs } from "./figures.ts";
import type { Running, Stage } from "./stage.ts";

export async function killBroker({ lab, reporter, figures }: Stage, { operator }: Running): Promise<void> {
  const laptop = lab.node("laptop");
  reporter.chapter("The broker dies");
  await reporter.step("kill -9 of the broker, with a ping running", async (tell) => {
    const ping = startSteadyPing(laptop, island.webIpv6, 50);
    try {
      await ping.resumedAfter(0, 5_000);
      operator.broker.signal("SIGKILL");
      await operator.broker.exited;
      await ping.resumedAfter(wallMs() + 2_000, 5_000);
    } finally {
      await ping.stop();
    }
    const { answers } = ping;
    const asked = (answers.at(-1)?.sequence ?? 0) - (answers[0]?.sequence ?? 0) + 1;
    figures.lostWithBroker = asked - answers.length;
    if (figures.lostWithBroker > 0) throw new Error(`${figures.lostWithBroker} of ${asked} pings were lost`);
    tell(`broker ended by SIGKILL; ${answers.length} of ${asked} pings answered before, during and after`);
  });
  await reporter.step("the PoP goes on without it", async (tell) => {
    const [greeting] = (await fetchPage(laptop)).split("\n");
    tell(`curl: ${greeting ?? ""}`);
  });
}

export async function restartPop({ lab, reporter, figures }: Stage, { operator, subscriber }: Running): Promise<void> {
  await reporter.step("kill -9 of the PoP too; it starts again from its own disk", async (tell) => {
    await operator.restsOnDisk(subscriber.tunnel);
    const ping = startSteadyPing(lab.node("laptop"), island.webIpv6, 50);
    try {
      await ping.resumedAfter(0, 5_000);
      operator.pop.signal("SIGKILL");
      await operator.pop.exited;
      const deadMs = wallMs();
      await operator.restartPop();
      figures.popRestartMs = await ping.resumedAfter(deadMs, 30_000);
    } finally {
      await ping.stop();
    }
    tell(`traffic was back ${formatMs(figures.popRestartMs)} after the kill; nobody logged in again`);
  });
}

export async function moveClient({ lab, reporter, figures }: Stage): Promise<void> {
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
    await reporter.step(about, async (tell) => {
      const ping = startSteadyPing(laptop, island.webIpv6, 50);
      try {
        await ping.resumedAfter(0, 5_000);
        await move(lab);
        const movedMs = wallMs();
        figures[figure] = await ping.resumedAfter(movedMs, 30_000);
      } finally {
        await ping.stop();
      }
      const before = await countPackets(lab, cable);
      const [greeting] = (await fetchPage(laptop)).split("\n");
      const carried = (await countPackets(lab, cable)) - before;
      if (carried <= 0) throw new Error(`the cable "${cable}" carried nothing`);
      tell(`traffic was back after ${formatMs(figures[figure])}`);
      tell(`curl: ${greeting ?? ""} (${carried} packets over the new cable)`);
    });
  }
}

/** Packets that came into the core over one of its cables. */
async function countPackets(lab: Lab<IslandNode>, cable: "mobile" | "cafe"): Promise<number> {
  return Number(await lab.node("core").must(["cat", `/sys/class/net/${cable}/statistics/rx_packets`]));
}
