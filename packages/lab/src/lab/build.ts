import type { LabNode } from "./node.ts";
import type { LabPlan, NodeLines } from "./plan.ts";
import { runProcess } from "../process/process.ts";

/** Makes the namespaces, then everything inside. Throws with the tool's own words when one refuses. */
export async function buildLab(plan: LabPlan, nodes: ReadonlyMap<string, LabNode>): Promise<void> {
  await Promise.all([...nodes.values()].map((node) => mustRun(["ip", "netns", "add", node.namespace])));
  await Promise.all([...plan.sysctls].map(([name, values]) => writeSysctls(pick(nodes, name), values)));
  for (const part of plan.devices) await applyLines(pick(nodes, part.node), part);
  await Promise.all(plan.plain.map(({ node, device }) => switchOffloads(pick(nodes, node), device)));
  await Promise.all(plan.routes.map((part) => applyLines(pick(nodes, part.node), part)));
  await Promise.all([...plan.firewalls].map(([name, ruleset]) => pick(nodes, name).must(["nft", ruleset])));
}

/** Any name below net/ that this kernel lacks is an error: a lab that is silently different proves nothing. */
async function writeSysctls(node: LabNode, values: readonly (readonly [string, string])[]): Promise<void> {
  const script = values.map(([path, value]) => `echo '${value}' > /proc/sys/net/${path}`).join(" && ");
  await node.must(["sh", "-c", script]);
}

async function applyLines(node: LabNode, part: NodeLines): Promise<void> {
  if (part.lines.length === 0) return;
  await mustRun(["ip", "-n", node.namespace, "-batch", "-"], `${part.lines.join("\n")}\n`);
}

async function switchOffloads(node: LabNode, device: string): Promise<void> {
  await node.must(["ethtool", "-K", device, "tx", "off", "tso", "off", "gso", "off", "gro", "off"]);
}

async function mustRun(command: readonly string[], input?: string): Promise<void> {
  const result = await runProcess(command, input === undefined ? {} : { input });
  if (result.status === 0) return;
  throw new Error(`${command.join(" ")} failed:\n${result.stderr}${input ?? ""}`);
}

function pick(nodes: ReadonlyMap<string, LabNode>, name: string): LabNode {
  const node = nodes.get(name);
  if (node === undefined) throw new Error(`the description has no node "${name}"`);
  return node;
}
