import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcess } from "../process/process.ts";
import { until } from "../wait/until.ts";
import { formatLabName, parseLabName, type LabName } from "./names.ts";

const registry = "/run/netns";

function listNamespaces(): readonly string[] {
  try {
    return readdirSync(registry);
  } catch {
    return [];
  }
}

/** Every namespace and folder of a lab. */
export function listLeftovers(name: LabName): { readonly namespaces: readonly string[]; readonly folders: readonly string[] } {
  const own = (text: string): boolean => text.startsWith(`${formatLabName(name)}-`);
  return { namespaces: listNamespaces().filter(own), folders: readdirSync(tmpdir()).filter(own) };
}

/** Ends what still runs inside (the namespace is ours, so everything in it is), then removes the namespace. */
async function removeNamespace(namespace: string): Promise<void> {
  await endInhabitants(namespace);
  await runProcess(["ip", "netns", "delete", namespace]);
}

async function listInhabitants(namespace: string): Promise<readonly number[]> {
  const result = await runProcess(["ip", "netns", "pids", namespace]);
  return result.stdout.split(/\s+/).filter(Boolean).map(Number);
}

async function endInhabitants(namespace: string): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const pids = await listInhabitants(namespace);
    if (pids.length === 0) return;
    for (const pid of pids) trySignal(pid, signal);
    await until(`${namespace} is empty`, { withinMs: 1_500 }, async () => (await listInhabitants(namespace)).length === 0).catch(
      () => undefined,
    );
  }
}

/** Removes everything of one lab. Safe to call twice. */
export async function removeLab(name: LabName): Promise<void> {
  const { namespaces, folders } = listLeftovers(name);
  await Promise.all(namespaces.map(removeNamespace));
  for (const folder of folders) rmSync(join(tmpdir(), folder), { recursive: true, force: true });
}

/** Removes the labs of processes that are gone; returns the names. A living process's lab is never touched. */
export async function sweepDeadLabs(): Promise<readonly string[]> {
  const dead = new Map<string, LabName>();
  for (const entry of [...listNamespaces(), ...readdirSync(tmpdir())]) {
    const name = parseLabName(entry);
    if (name !== undefined && !isAlive(name.pid)) dead.set(formatLabName(name), name);
  }
  await Promise.all([...dead.values()].map(removeLab));
  return [...dead.keys()];
}

/** False for a zombie too: it will never use its lab again. */
export function isAlive(pid: number): boolean {
  try {
    // proc(5): "PID (name) STATE ...", and a name may hold anything.
    return !/^[ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /s, ""));
  } catch {
    return false;
  }
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
