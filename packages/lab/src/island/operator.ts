import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isRecord } from "../json/record.ts";
import type { Lab } from "../lab/open-lab.ts";
import type { LabProcess } from "../process/process.ts";
import { until } from "../wait/until.ts";
import { island, type IslandNode } from "./island.ts";
import { popName, writeOperatorFiles, type OperatorFiles } from "./operator-files.ts";
import { findBinary } from "./programs.ts";

/** What a user of the broker's was given. */
export interface Subscriber {
  readonly handle: string;
  readonly accessKey: string;
  /** `T1001` */
  readonly tunnel: string;
  readonly popAddress: string;
  readonly clientAddress: string;
  /** The /64s that are routed to the tunnel. */
  readonly delegations: readonly string[];
}

/** A broker on its host and a PoP on its own, run by the programs that we ship, configured the way an operator would. */
export interface Operator {
  readonly broker: LabProcess;
  readonly pop: LabProcess;
  readonly brokerConfig: string;
  /** What `tombolod admin` prints with --json. */
  admin(words: readonly string[]): Promise<unknown>;
  /** The same on the PoP's own host, where its control socket is. */
  atPop(words: readonly string[]): Promise<unknown>;
  /** An account with one AYIYA tunnel. */
  subscribe(fullName: string): Promise<Subscriber>;
  /** Starts the broker anew after it was ended. */
  restartBroker(): Promise<void>;
  restartPop(): Promise<void>;
  /** Waits until the PoP's copy on disk holds the tunnel, so that it could do without the broker. */
  restsOnDisk(tunnel: string): Promise<void>;
}

export async function openOperator(lab: Lab<IslandNode>): Promise<Operator> {
  const files = writeOperatorFiles(lab);
  const admin = async (words: readonly string[]): Promise<unknown> =>
    JSON.parse(await lab.node("broker").must([findBinary("tombolod"), "admin", ...words, "--config", files.brokerConfig, "--json"]));
  let broker = await startBroker(lab, files);
  const made = await admin(["pop", "add", popName, "--city", "Amsterdam", "--country", "NL", "--ipv4", island.popIpv4]);
  writeFileSync(files.popToken, `${textAt(made, "token")}\n`, { mode: 0o600 });
  await admin(["pool", "add", island.tunnelPool, "--pop", popName, "--purpose", "tunnel"]);
  await admin(["pool", "add", island.delegationPool, "--pop", popName, "--purpose", "delegation"]);
  let pop = await startPop(lab, files);
  return {
    get broker() {
      return broker;
    },
    get pop() {
      return pop;
    },
    brokerConfig: files.brokerConfig,
    admin,
    atPop: async (words): Promise<unknown> =>
      JSON.parse(await lab.node("pop").must([findBinary("tombolod"), "admin", ...words, "--config", files.popConfig, "--json"])),
    subscribe: (fullName) => subscribe(admin, fullName),
    restartBroker: async () => {
      await broker.end();
      broker = await startBroker(lab, files);
    },
    restartPop: async () => {
      await pop.end();
      pop = await startPop(lab, files);
    },
    restsOnDisk: async (tunnel) => {
      await until(
        `${files.popState} holds ${tunnel}`,
        { withinMs: 20_000 },
        () => existsSync(files.popState) && readFileSync(files.popState, "utf8").includes(`"${tunnel}"`),
      );
    },
  };
}

async function startBroker(lab: Lab<IslandNode>, files: OperatorFiles): Promise<LabProcess> {
  const broker = lab.node("broker").start([findBinary("tombolod"), "broker", "--config", files.brokerConfig]);
  await broker.waitFor(/"door":"http"/, 20_000);
  return broker;
}

async function startPop(lab: Lab<IslandNode>, files: OperatorFiles): Promise<LabProcess> {
  const pop = lab.node("pop").start([findBinary("tombolod"), "pop", "--config", files.popConfig]);
  await pop.waitFor(/"event":"pop.plane.opened"/, 20_000);
  return pop;
}

async function subscribe(admin: Operator["admin"], fullName: string): Promise<Subscriber> {
  const account = await admin(["account", "add", "--name", fullName, "--email", "user@example.net"]);
  const handle = textAt(account, "handle");
  const tunnel = await admin(["tunnel", "add", handle, "--pop", popName]);
  return {
    handle,
    accessKey: textAt(account, "accessKey"),
    tunnel: textAt(tunnel, "id"),
    popAddress: textAt(tunnel, "popAddress"),
    clientAddress: textAt(tunnel, "clientAddress"),
    delegations: prefixesAt(tunnel),
  };
}

function prefixesAt(tunnel: unknown): readonly string[] {
  const list = isRecord(tunnel) ? tunnel["delegations"] : undefined;
  return Array.isArray(list) ? list.map((item: unknown) => textAt(item, "prefix")) : [];
}

function textAt(value: unknown, key: string): string {
  const found = isRecord(value) ? value[key] : undefined;
  if (typeof found === "string") return found;
  throw new Error(`there is no "${key}" in ${JSON.stringify(value)}`);
}
