import type { LabNode } from "../lab/node.ts";
import { isRecord } from "../json/record.ts";
import { words } from "../process/words.ts";
import { webUrl } from "./web.ts";

export interface PingSummary {
  readonly sent: number;
  readonly received: number;
  /** Undefined when nothing came back. */
  readonly medianMs: number | undefined;
  readonly text: string;
}

export async function pingSix(from: LabNode, address: string, count: number): Promise<PingSummary> {
  const result = await from.run(words(`ping -6 -n -c ${count} -i 0.05 -W 2 ${address}`));
  const times = [...result.stdout.matchAll(/\btime=([\d.]+) ms/g)].map((match) => Number(match[1])).toSorted((a, b) => a - b);
  const summary = result.stdout.trim().split("\n").slice(-2).join("; ");
  return { sent: count, received: times.length, medianMs: times[times.length >> 1], text: summary || result.stderr.trim() };
}

/** Addresses of the hops, in order; "*" for one that did not answer. */
export async function traceSix(from: LabNode, address: string): Promise<readonly string[]> {
  const text = await from.must(words(`traceroute6 -n -q 1 -w 2 -m 8 ${address}`));
  return [...text.matchAll(/^\s*\d+\s+(\S+)/gm)].map((match) => match[1] ?? "*");
}

/** Fetches a page of the web server by curl, as a person would. */
export async function fetchPage(from: LabNode): Promise<string> {
  return from.must(["curl", "--silent", "--show-error", "--fail", "--max-time", "10", webUrl]);
}

/** Fetches `count` bytes from the web server; returns how many came. */
export async function countFetchedBytes(from: LabNode, count: number): Promise<number> {
  const url = `${webUrl}bytes/${count}`;
  return Number(
    await from.must([
      "curl",
      "--silent",
      "--show-error",
      "--fail",
      "--max-time",
      "20",
      "--output",
      "/dev/null",
      "--write-out",
      "%{size_download}",
      url,
    ]),
  );
}

/** TCP goodput to `to` in bits per second (from it with `reverse`), by iperf3. */
export async function measureThroughput(wish: {
  readonly from: LabNode;
  readonly to: LabNode;
  readonly toAddress: string;
  readonly seconds: number;
  readonly reverse: boolean;
}): Promise<number> {
  const server = wish.to.start(words("iperf3 --server --one-off --forceflush"));
  try {
    await server.waitFor(/Server listening/, 5_000);
    const reverse = wish.reverse ? "--reverse" : "";
    return readGoodput(await wish.from.must(words(`iperf3 --json --client ${wish.toAddress} --time ${wish.seconds} ${reverse}`)));
  } finally {
    await server.end();
  }
}

/** Bits per second that arrived, out of iperf3's JSON. */
export function readGoodput(text: string): number {
  const report: unknown = JSON.parse(text);
  const end = isRecord(report) ? report["end"] : undefined;
  const received = isRecord(end) ? end["sum_received"] : undefined;
  const speed = isRecord(received) ? received["bits_per_second"] : undefined;
  if (typeof speed !== "number") throw new Error(`iperf3 gave no speed: ${text.slice(0, 300)}`);
  return Math.round(speed);
}
