import type { Lab } from "../lab/open-lab.ts";
import { findProgramFile } from "../process/program-file.ts";
import type { LabProcess } from "../process/process.ts";
import { island, type IslandNode } from "./island.ts";

export const webUrl: string = `http://[${island.webIpv6}]/`;

export async function startWebServer(lab: Lab<IslandNode>): Promise<LabProcess> {
  const program = findProgramFile(import.meta.url, "./web-server");
  const server = lab.node("web").start([process.execPath, ...program, island.webIpv6, "80"]);
  await server.waitFor(/listening/, 10_000);
  return server;
}
