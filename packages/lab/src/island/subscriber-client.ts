import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../json/record.ts";
import type { LabNode } from "../lab/node.ts";
import type { Lab } from "../lab/open-lab.ts";
import type { LabProcess, RunOptions, RunResult } from "../process/process.ts";
import { until } from "../wait/until.ts";
import { island, type IslandNode } from "./island.ts";
import type { Subscriber } from "./operator.ts";
import { findBinary } from "./programs.ts";

/** `tombolo` on one machine of the island, with a configuration of its own. */
export interface Client {
  readonly node: LabNode;
  readonly configFile: string;
  /** Runs a command to its end: status, tunnels, down, or an `up` that is bound to fail. */
  run(words: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Starts `tombolo up` in the foreground and waits until the tunnel works. */
  up(words?: readonly string[]): Promise<LabProcess>;
}

export interface ClientWish {
  /** `home` is the router itself, which has a public IPv4 address. */
  readonly node: "laptop" | "desk" | "home";
  readonly subscriber: Subscriber;
  /** Instead of the subscriber's own. */
  readonly accessKey?: string;
}

export function makeClient(lab: Lab<IslandNode>, wish: ClientWish): Client {
  const node = lab.node(wish.node);
  const folder = join(lab.folder, `${wish.node}-${wish.subscriber.tunnel}`);
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const keyFile = join(folder, "key");
  const configFile = join(folder, "tombolo.conf");
  writeFileSync(keyFile, `${wish.accessKey ?? wish.subscriber.accessKey}\n`, { mode: 0o600 });
  writeFileSync(
    configFile,
    [`server = ${island.brokerIpv4}`, `user = ${wish.subscriber.handle}`, `key-file = ${keyFile}`, `run-dir = ${folder}`, ""].join("\n"),
  );
  const command = (words: readonly string[]): readonly string[] => [findBinary("tombolo"), ...words, "--config", configFile];
  const run = (words: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
    node.run(command(words), { timeoutMs: 60_000, ...options });
  return {
    node,
    configFile,
    run,
    up: async (words = []) => {
      const running = node.start(command(["up", ...words]));
      const explain = (): string => running.stdout + running.stderr;
      await until("the tunnel is up", { withinMs: 30_000, everyMs: 50, explain }, async () => {
        if (!running.running) throw new Error(`tombolo up ended:\n${explain()}`);
        return isUp(await run(["status", "--json"]));
      });
      return running;
    },
  };
}

function isUp(status: RunResult): boolean {
  if (status.status !== 0) return false;
  const said: unknown = JSON.parse(status.stdout);
  return isRecord(said) && said["state"] === "up";
}
