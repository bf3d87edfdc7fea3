import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findBinary } from "../island/programs.ts";
import type { Lab } from "../lab/open-lab.ts";
import { findProgramFile } from "../process/program-file.ts";
import { pair, type PairNode } from "./pair.ts";
import type { TicLoad } from "./tic-load-arguments.ts";

export interface TicFigures {
  readonly loginsPerSec: number;
  readonly p99Ms: number;
}

const clients = 500;
const seconds = 8;

/** Whole exchanges of aiccu (login and show) by 500 clients at once against a broker process on SQLite. */
export async function measureTic(lab: Lab<PairNode>): Promise<TicFigures> {
  const [near, far] = [lab.node("near"), lab.node("far")];
  const config = join(lab.folder, "tombolo.toml");
  writeFileSync(config, brokerConfig(lab.folder));
  const admin = (line: string): Promise<string> => {
    return far.must([findBinary("tombolod"), "admin", ...line.split(" "), "--config", config, "--json"]);
  };
  await admin(`pop add nlams01 --city Amsterdam --country NL --ipv4 ${pair.farIpv4}`);
  await admin("pool add 2001:db8:1::/48 --pop nlams01 --purpose tunnel");
  const account = await admin("account add --name Bench --email bench@example.net");
  const handle = readField(account, "handle");
  const tunnel = readField(await admin(`tunnel add ${handle} --pop nlams01`), "id");
  const broker = far.start([findBinary("tombolod"), "broker", "--config", config]);
  await broker.waitFor(/"door":"tic"/, 30_000);
  const load: TicLoad = { host: pair.farIpv4, port: 3874, handle, key: readField(account, "accessKey"), tunnel, clients, seconds };
  const program = findProgramFile(import.meta.url, "./tic-load");
  const generator = near.start([process.execPath, ...program, JSON.stringify(load)]);
  const [, exchanges, , p99Ms] = await generator.waitFor(/^done (\d+) (\d+) ([\d.]+)$/m, 120_000);
  return { loginsPerSec: Number(exchanges) / seconds, p99Ms: Number(p99Ms) };
}

/** One source and one account make all the logins here, so their throttles are out of the way. */
function brokerConfig(folder: string): string {
  return [
    "[broker]",
    `database = "${join(folder, "tombolo.db")}"`,
    `master-key = "${join(folder, "master.key")}"`,
    "[tic]",
    'listen = "0.0.0.0"',
    "max-connections-per-source = 12000",
    "logins-per-minute-per-source = 10000",
    "logins-per-minute-per-account = 10000",
    "sessions-per-minute-per-source = 1000000",
    "sessions-per-minute-per-account = 1000000",
    "[log]",
    'level = "info"',
    'format = "json"',
    "",
  ].join("\n");
}

/** The commands print records of plain fields; the one that is wanted has the same name in every version. */
function readField(json: string, name: string): string {
  const value = new RegExp(`"${name}"\\s*:\\s*"([^"]+)"`).exec(json)?.[1];
  if (value === undefined) throw new Error(`no ${name} in ${json}`);
  return value;
}
