import type { LabNode } from "../lab/node.ts";

/** tcpdump on one device: what went over that cable. */
export interface Watch {
  readonly packets: readonly WatchedPacket[];
  stop(): Promise<readonly WatchedPacket[]>;
}

export interface WatchedPacket {
  /** tcpdump's line, without the time. */
  readonly summary: string;
  /** What a UDP datagram over IPv4 carries, as hexadecimal digits; empty for anything else, and when no payloads were wanted. */
  readonly payload: string;
}

export interface WatchWish {
  readonly device: string;
  /** pcap-filter(7) */
  readonly filter: string;
  /** Keep payloads as well; of super-packets only a few fit into what is kept of a program's output. */
  readonly payloads?: boolean;
}

/** Resolves when tcpdump listens, so that nothing sent afterwards is missed. */
export async function startWatch(node: LabNode, { device, filter, payloads = false }: WatchWish): Promise<Watch> {
  const bytes = payloads ? ["-x"] : [];
  const running = node.start(["tcpdump", "-i", device, "-n", "-t", "-l", "--immediate-mode", "-U", ...bytes, filter]);
  await running.waitFor(/listening on/, 10_000);
  return {
    get packets() {
      return readWatched(running.stdout);
    },
    stop: async () => {
      await running.end();
      return readWatched(running.stdout);
    },
  };
}

/** The text of `tcpdump -x`: a line for a packet, then its bytes from the IP header on, sixteen a line. */
export function readWatched(text: string): readonly WatchedPacket[] {
  const packets: { summary: string; bytes: string }[] = [];
  for (const line of text.split("\n")) {
    const bytes = /^\s+0x[0-9a-f]{4}:\s+([0-9a-f ]+)$/.exec(line)?.[1];
    if (bytes !== undefined) {
      const last = packets.at(-1);
      if (last !== undefined) last.bytes += bytes.replaceAll(" ", "");
    } else if (line !== "") {
      packets.push({ summary: line, bytes: "" });
    }
  }
  return packets.map(({ summary, bytes }) => ({ summary, payload: payloadOf(bytes) }));
}

/** An IPv4 header without options has 20 bytes (RFC 791), UDP's has 8; protocol 17 is UDP. */
function payloadOf(bytes: string): string {
  return bytes.startsWith("45") && bytes.slice(18, 20) === "11" ? bytes.slice(2 * 28) : "";
}
