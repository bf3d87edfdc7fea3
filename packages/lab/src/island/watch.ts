import type { LabNode } from "../lab/node.ts";

/** tcpdump on one device: what went over that cable. */
export interface Watch {
  /** One line for each packet, without its time. */
  readonly lines: readonly string[];
  stop(): Promise<readonly string[]>;
}

/** Resolves when tcpdump listens, so that nothing sent afterwards is missed. `filter` is pcap-filter(7). */
export async function startWatch(node: LabNode, device: string, filter: string): Promise<Watch> {
  const running = node.start(["tcpdump", "-i", device, "-n", "-t", "-l", "--immediate-mode", "-U", filter]);
  await running.waitFor(/listening on/, 10_000);
  const lines = (): readonly string[] => running.stdout.split("\n").filter((line) => line !== "");
  return {
    get lines() {
      return lines();
    },
    stop: async () => {
      await running.end();
      return lines();
    },
  };
}
