import { island, type IslandNode } from "../island/island.ts";
import { findBinary } from "../island/programs.ts";
import type { Running, Stage } from "./stage.ts";

export async function keepUp({ lab, reporter }: Stage, { operator, client }: Running): Promise<void> {
  reporter.chapter("The end");
  await reporter.step("the broker runs again, and the tunnel stays up", async (tell) => {
    await operator.restartBroker();
    const run = (name: IslandNode, line: string): string => `ip netns exec ${lab.node(name).namespace} ${line}`;
    tell(run("laptop", `ping -6 ${island.webIpv6}`));
    tell(run("laptop", `${findBinary("tombolo")} status --config ${client.configFile}`));
    tell(run("broker", `${findBinary("tombolod")} admin tunnel list --config ${operator.brokerConfig}`));
  });
}

export async function takeDown({ lab, reporter }: Stage, { client, tunnel }: Running): Promise<void> {
  const laptop = lab.node("laptop");
  reporter.chapter("The end");
  await reporter.step("tombolo down", async (tell) => {
    const down = await client.run(["down"]);
    if (down.status !== 0) throw new Error(`tombolo down ended with ${String(down.status)}:\n${down.stdout}${down.stderr}`);
    const exit = await tunnel.exited;
    if (exit.status !== 0) throw new Error(`tombolo up ended with ${String(exit.status)}:\n${tunnel.stdout}${tunnel.stderr}`);
    const links = await laptop.must(["ip", "-br", "link"]);
    const routes = await laptop.must(["ip", "-6", "route", "show", "default"]);
    if (links.includes("tombolo") || routes.trim() !== "") throw new Error(`left behind:\n${links}${routes}`);
    tell("device, address and route are gone; tombolo up ended with status 0");
  });
}
