// Two network namespaces joined by a cable, a tunnel end in each. They live as long as the processes in them, so that nothing
// can be left behind. Needs root.
import { type ChildProcess, type SpawnOptions, execFileSync, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { TunnelEnd } from "./tunnel-end.ts";

export type Side = "a" | "b";

export interface Pair {
  /** Starts a TypeScript file of this folder in a side's namespace; what it prints comes line by line. */
  start(side: Side, file: string, args: readonly string[]): Running;
  /** Runs `ip`, `sysctl` and the like there, and answers what it printed. */
  run(side: Side, command: string, args: readonly string[]): string;
  close(): Promise<void>;
}

export interface Running {
  readonly child: ChildProcess;
  /** The next line of standard output; rejects when the program ended without one. */
  line(): Promise<string>;
}

const outerIp = { a: 0x0a000001, b: 0x0a000002 } as const;
const outerText = { a: "10.0.0.1", b: "10.0.0.2" } as const;
export const innerAddress = { a: "2001:db8:1::1", b: "2001:db8:1::2" } as const;
const identity = { a: "20010db8000100000000000000000001", b: "20010db8000100000000000000000002" } as const;
const sides: readonly Side[] = ["a", "b"];

export interface PairOptions {
  readonly encapsulation: TunnelEnd["encapsulation"];
  readonly mtuBytes: number;
  readonly cableMtuBytes: number;
  readonly tos: number;
}

export async function openPair(options: PairOptions): Promise<Pair> {
  const holders = { a: await holdNamespace(), b: await holdNamespace() };
  const running: ChildProcess[] = [holders.a, holders.b];
  const namespace = (side: Side): string => `/proc/${holders[side].pid}/ns/net`;
  const pair: Pair = {
    start: (side, file, args) => {
      const path = fileURLToPath(new URL(file, import.meta.url));
      const started = reading(spawn("nsenter", [`--net=${namespace(side)}`, process.execPath, path, ...args], stdio));
      running.push(started.child);
      return started;
    },
    run: (side, command, args) => execFileSync("nsenter", [`--net=${namespace(side)}`, command, ...args], { encoding: "utf8" }),
    close: () => end(running),
  };
  try {
    layCable(pair, namespace, options.cableMtuBytes);
    await startEnds(pair, options);
  } catch (error) {
    await pair.close();
    throw error;
  }
  return pair;
}

const stdio: SpawnOptions = { stdio: ["ignore", "pipe", "inherit"] };

async function holdNamespace(): Promise<ChildProcess> {
  const child = spawn("unshare", ["--net", "sleep", "600"], stdio);
  const own = readlinkSync("/proc/self/ns/net");
  for (let tries = 0; tries < 500; tries++) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error("unshare --net failed");
    if (readlinkSync(`/proc/${child.pid}/ns/net`) !== own) return child;
    await wait(10);
  }
  child.kill("SIGKILL");
  throw new Error("unshare --net gave no namespace");
}

function layCable(pair: Pair, namespace: (side: Side) => string, mtuBytes: number): void {
  const end = (side: Side): string[] => ["netns", namespace(side)];
  execFileSync("ip", ["link", "add", "cable", ...end("a"), "type", "veth", "peer", "name", "cable", ...end("b")]);
  for (const side of sides) {
    pair.run(side, "ip", ["link", "set", "lo", "up"]);
    pair.run(side, "ip", ["address", "add", `${outerText[side]}/24`, "dev", "cable"]);
    pair.run(side, "ip", ["link", "set", "cable", "mtu", String(mtuBytes), "up"]);
  }
}

async function startEnds(pair: Pair, options: PairOptions): Promise<void> {
  for (const side of sides) {
    const end: TunnelEnd = {
      encapsulation: options.encapsulation,
      localIp: outerIp[side],
      peerIp: outerIp[side === "a" ? "b" : "a"],
      port: 5072,
      identity: identity[side],
      address: innerAddress[side],
      mtuBytes: options.mtuBytes,
      tos: options.tos,
    };
    await pair.start(side, "tunnel-end.ts", [JSON.stringify(end)]).line();
  }
}

function reading(child: ChildProcess): Running {
  const lines: string[] = [];
  const state = { rest: "", ended: false, changed: (): void => undefined };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const parts = (state.rest + text).split("\n");
    state.rest = parts.pop() ?? "";
    lines.push(...parts);
    state.changed();
  });
  child.on("close", () => {
    state.ended = true;
    state.changed();
  });
  const line = async (): Promise<string> => {
    while (lines.length === 0 && !state.ended) await new Promise<void>((resolve) => (state.changed = resolve));
    const next = lines.shift();
    if (next === undefined) throw new Error(`a program ended early (exit code ${child.exitCode})`);
    return next;
  };
  return { child, line };
}

async function end(children: readonly ChildProcess[]): Promise<void> {
  const gone = children.map(
    (child) =>
      new Promise<void>((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else child.once("exit", () => resolve());
      }),
  );
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(gone);
}
