import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgramFile } from "../process/program-file.ts";
import { formatLabName, formatNamespace, type LabName } from "../netns/names.ts";
import { removeLab, sweepDeadLabs } from "../netns/namespaces.ts";
import { within } from "../wait/until.ts";
import { buildLab } from "./build.ts";
import type { LabDescription } from "./description.ts";
import { guardLab, unguardLab } from "./interrupts.ts";
import { makeNode, type LabNode } from "./node.ts";
import { findObstacle } from "./obstacle.ts";
import { planLab } from "./plan.ts";

export interface Lab<Node extends string = string> {
  /** `tmb-PID-N`: every namespace and folder of the lab begins so. */
  readonly name: string;
  /** For configuration, state and logs; removed with the lab. */
  readonly folder: string;
  readonly nodes: readonly LabNode[];
  node(name: Node): LabNode;
  /** Ends every program, then removes every namespace and the folder. Calling it again waits for the first call. */
  close(): Promise<void>;
}

export interface LabOptions {
  /** Told of the signal before the lab is taken down by it. */
  readonly onInterrupt?: (signal: NodeJS.Signals) => void;
}

let serial = 0;

/**
 * Builds the networks of a description in namespaces of their own. Needs root (`findObstacle` tells beforehand).
 * Everything is removed by `close`, on SIGINT, SIGTERM and SIGHUP, and by a janitor process when this one is killed.
 */
export async function openLab<Node extends string>(description: LabDescription<Node>, options: LabOptions = {}): Promise<Lab<Node>> {
  const obstacle = findObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  await sweepDeadLabs();
  serial += 1;
  const name: LabName = { pid: process.pid, serial };
  const names = Object.keys(description.nodes) as Node[];
  const nodes = new Map(names.map((node) => [node as string, makeNode(node, formatNamespace(name, node))]));
  const folder = join(tmpdir(), `${formatLabName(name)}-files`);
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const janitor = startJanitor(name);
  let closing: Promise<void> | undefined;
  const lab: Lab<Node> = {
    name: formatLabName(name),
    folder,
    nodes: [...nodes.values()],
    node: (wanted) => {
      const node = nodes.get(wanted);
      if (node === undefined) throw new Error(`the lab has no node "${wanted}"`);
      return node;
    },
    close: () => {
      closing ??= closeLab(name, [...nodes.values()], janitor).finally(() => unguardLab(lab));
      return closing;
    },
  };
  guardLab(lab, options.onInterrupt);
  try {
    await buildLab(
      planLab(description, (node) => formatNamespace(name, node)),
      nodes,
    );
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}

async function closeLab(name: LabName, nodes: readonly LabNode[], janitor: ChildProcess): Promise<void> {
  await Promise.all(nodes.flatMap((node) => node.processes.map((running) => running.end())));
  await removeLab(name);
  janitor.ref();
  janitor.stdin?.end();
  if (janitor.exitCode === null) await within(5_000, once(janitor, "exit"));
}

function startJanitor(name: LabName): ChildProcess {
  const child = spawn(process.execPath, [...findProgramFile(import.meta.url, "../netns/janitor"), formatLabName(name)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  // A pipe is a socket in Node; an open one must not keep a finished test run alive.
  (child.stdin as unknown as { unref(): void }).unref();
  child.stdin?.on("error", () => {});
  return child;
}
