import type { LabNode } from "../lab/node.ts";
import { until } from "../wait/until.ts";

export interface PingAnswer {
  readonly sequence: number;
  /** Milliseconds since 1970, as `Date.now` counts. */
  readonly atMs: number;
  readonly rttMs: number;
}

/** A ping that goes on while other things happen, to see when answers stop and come back. */
export interface SteadyPing {
  readonly answers: readonly PingAnswer[];
  /** Waits for an answer that arrived after `afterMs`; gives the milliseconds between the two. */
  resumedAfter(afterMs: number, withinMs: number): Promise<number>;
  stop(): Promise<void>;
}

export function startSteadyPing(from: LabNode, address: string, everyMs: number): SteadyPing {
  const command = ["ping", "-6", "-n", "-D", "-i", String(everyMs / 1_000), address];
  const running = from.start(command);
  return {
    get answers() {
      return readAnswers(running.stdout);
    },
    resumedAfter: async (afterMs, withinMs) => {
      const explain = (): string => `${from.name}: ${command.join(" ")}\n${running.stdout.slice(-500)}${running.stderr.slice(-500)}`;
      const found = await until(`an answer from ${address}`, { withinMs, everyMs: 20, explain }, () =>
        readAnswers(running.stdout).find((answer) => answer.atMs > afterMs),
      );
      return Math.round(found.atMs - afterMs);
    },
    stop: async () => void (await running.end()),
  };
}

/** Lines of `ping -D`; the second answer to one request, marked (DUP!), is none. */
export function readAnswers(text: string): readonly PingAnswer[] {
  const answers: PingAnswer[] = [];
  for (const match of text.matchAll(/^\[(\d+\.\d+)\] .* icmp_seq=(\d+) .*\btime=([\d.]+) ms$/gm)) {
    answers.push({ atMs: Number(match[1]) * 1_000, sequence: Number(match[2]), rttMs: Number(match[3]) });
  }
  return answers;
}
