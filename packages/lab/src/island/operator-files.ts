import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../lab/open-lab.ts";
import { island, type IslandNode } from "./island.ts";

export const popName = "nlams01";

/** Where broker and PoP keep what is theirs; each has a folder of its own, as on two hosts. */
export interface OperatorFiles {
  readonly brokerConfig: string;
  readonly popConfig: string;
  readonly popToken: string;
  readonly popState: string;
}

/** Writes both configurations; all that is not in them has its default. */
export function writeOperatorFiles(lab: Lab<IslandNode>): OperatorFiles {
  const brokerFolder = join(lab.folder, "broker");
  const popFolder = join(lab.folder, "pop");
  for (const folder of [brokerFolder, popFolder]) mkdirSync(folder, { mode: 0o700 });
  const files = {
    brokerConfig: join(brokerFolder, "tombolo.toml"),
    popConfig: join(popFolder, "tombolo.toml"),
    popToken: join(popFolder, "token"),
    popState: join(popFolder, "state.ndjson"),
  };
  const brokerLines = [
    "[broker]",
    `database = "${join(brokerFolder, "tombolo.db")}"`,
    `master-key = "${join(brokerFolder, "master.key")}"`,
    "[tic]",
    'listen = "0.0.0.0"',
    "[http]",
    'listen = "0.0.0.0"',
  ];
  const popLines = [
    "[pop]",
    `name = "${popName}"`,
    `broker-url = "http://${island.brokerIpv4}:8080"`,
    "insecure = true",
    `token-file = "${files.popToken}"`,
    `state = "${files.popState}"`,
    "workers = 1",
  ];
  writeFileSync(files.brokerConfig, `${brokerLines.join("\n")}\n`);
  writeFileSync(files.popConfig, `${popLines.join("\n")}\n`);
  return files;
}
