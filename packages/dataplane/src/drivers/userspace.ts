import { createHash, randomBytes } from "node:crypto";
import { Worker } from "node:worker_threads";
import { assert, monotonicMs, wallSec } from "@tombolo/base";
import { makeCounterMemory } from "../counters/counters.ts";
import { makeDropBookMemory } from "../counters/drop-book.ts";
import { makePingMemory } from "../counters/ping-book.ts";
import { socketKinds } from "../engine/packet-io.ts";
import type { EngineCommand } from "../engine/command.ts";
import type { Addon } from "../native/addon.ts";
import { loadAddon } from "../native/load.ts";
import type { DataPlane, PlaneEvent, PlaneOptions } from "../plane/plane.ts";
import { makeTableMemory } from "../table/memory.ts";
import { PlaneControl, type WorkerReport } from "./control.ts";
import type { WorkerStart } from "./worker.ts";

interface Lane {
  readonly tunFd: number;
  readonly wakeFd: number;
  readonly sockets: readonly { readonly fd: number; readonly kind: "udp" | "proto41" }[];
}

/** What an open data plane tells besides the interface: the UDP port that the kernel chose where 0 was asked for. */
export interface UserspacePlane extends DataPlane {
  readonly ayiyaPort: number | undefined;
}

/**
 * The data plane of worker threads and the addon: a TUN device with a queue for each worker, and sockets that share their
 * ports. The device exists until `close`. Needs CAP_NET_ADMIN and, for protocol 41, CAP_NET_RAW; the kernel's refusal is
 * thrown with its `code` (EPERM, EADDRINUSE, EBUSY).
 */
export async function openUserspacePlane(options: PlaneOptions, onEvent: (event: PlaneEvent) => void): Promise<UserspacePlane> {
  assert(options.workers >= 1 && options.workers <= 16, "a data plane has 1 to 16 workers");
  const addon = loadAddon();
  const fds: number[] = [];
  try {
    const { lanes, ayiyaPort } = openLanes(addon, options, fds);
    return await start({ addon, options, lanes, ayiyaPort, fds, onEvent });
  } catch (error) {
    for (const fd of fds) addon.close(fd);
    throw error;
  }
}

function openLanes(addon: Addon, options: PlaneOptions, fds: number[]): { lanes: Lane[]; ayiyaPort: number | undefined } {
  const several = options.workers > 1;
  const ports = { ayiya: options.ayiyaPort, udp: options.udpPort };
  const keep = <T extends { readonly fd: number }>(opened: T): T => {
    fds.push(opened.fd);
    return opened;
  };
  if (several) refuseSharedPorts(addon, options);
  const lanes = Array.from({ length: options.workers }, (_, index): Lane => {
    const tun = keep(addon.openTun(options.device, several));
    const wake = keep(addon.openWake());
    const sockets = socketKinds.map((kind) => {
      if (kind === "proto41") {
        const fd = options.proto41 ? keep(addon.openProto41(options.outerIpv4.value, index, options.workers)).fd : -1;
        return { fd, kind: "proto41" as const };
      }
      const port = ports[kind];
      if (port === undefined) return { fd: -1, kind: "udp" as const };
      const udp = keep(addon.openUdp(options.outerIpv4.value, port, several));
      // Where the kernel chose, the other workers share its choice.
      ports[kind] = udp.port;
      return { fd: udp.fd, kind: "udp" as const };
    });
    // Every raw socket gets a copy, so one worker alone listens to errors.
    const errors = options.proto41 && index === 0 ? keep(addon.openIcmpErrors(options.outerIpv4.value)).fd : -1;
    return { tunFd: tun.fd, wakeFd: wake.fd, sockets: [...sockets, { fd: errors, kind: "proto41" }] };
  });
  return { lanes, ayiyaPort: ports.ayiya };
}

/**
 * Workers share their ports, and so would another process of ours, which knows other tunnels and would swallow some of the packets.
 * A socket that shares with nobody finds out: EADDRINUSE.
 */
function refuseSharedPorts(addon: Addon, options: PlaneOptions): void {
  for (const port of [options.ayiyaPort, options.udpPort]) {
    if (port !== undefined && port !== 0) addon.close(addon.openUdp(options.outerIpv4.value, port, false).fd);
  }
}

async function start(parts: {
  addon: Addon;
  options: PlaneOptions;
  lanes: readonly Lane[];
  ayiyaPort: number | undefined;
  fds: readonly number[];
  onEvent: (event: PlaneEvent) => void;
}): Promise<UserspacePlane> {
  const { addon, options, lanes, fds, onEvent } = parts;
  const table = makeTableMemory(options.capacity);
  const counters = makeCounterMemory(options.workers, options.capacity);
  const dropBooks = lanes.map(() => makeDropBookMemory());
  const pings = makePingMemory(options.capacity);
  const workers = lanes.map((lane, index) => {
    const reasons = counters.reasons[index];
    const dropBook = dropBooks[index];
    assert(reasons !== undefined && dropBook !== undefined, "memory was made for every worker");
    const workerData: WorkerStart = {
      role: options.role,
      outerIp: options.outerIpv4.value,
      index,
      ...lane,
      table,
      counters: counters.tunnels,
      reasons,
      dropBook,
      pings,
    };
    return new Worker(workerFile(), { workerData, name: `tombolo-${index}` });
  });
  let isOpen = true;
  const tell = (index: number, command: EngineCommand | "stop"): void => {
    // Afterwards the descriptor's number may be somebody else's.
    if (!isOpen) return;
    workers[index]?.postMessage(command);
    addon.wake(lanes[index]?.wakeFd ?? -1);
  };
  const closed = workers.map((worker) => new Promise<void>((resolve) => worker.once("exit", () => resolve())));
  const control = new PlaneControl({
    options,
    table,
    counters,
    dropBooks,
    pings,
    digest: (bytes) => new Uint8Array(createHash("sha1").update(bytes).digest()),
    nowSec: () => wallSec(Math.floor(Date.now() / 1000)),
    // As the workers count it, whatever thread they are.
    nowMs: () => monotonicMs(Number(process.hrtime.bigint()) / 1e6),
    random: (length) => new Uint8Array(randomBytes(length)),
    onEvent,
    post: (command, to) => {
      if (to === "first") tell(0, command);
      else for (const index of workers.keys()) tell(index, command);
    },
    repeat: (everySec, run) => {
      const timer = setInterval(run, everySec * 1000);
      return () => clearInterval(timer);
    },
    close: async () => {
      for (const index of workers.keys()) tell(index, "stop");
      isOpen = false;
      await Promise.all(closed);
      for (const fd of fds) addon.close(fd);
    },
  });
  for (const worker of workers) {
    worker.on("message", (report: WorkerReport) => control.take(report));
    worker.on("error", (error) => onEvent({ kind: "worker-failed", message: error instanceof Error ? error.message : String(error) }));
  }
  const online = workers.map((worker) => new Promise<void>((resolve) => worker.once("online", () => resolve())));
  await Promise.race([Promise.all(online), ...closed]);
  return Object.assign(control, { ayiyaPort: parts.ayiyaPort });
}

/** Beside this file, in the form that this file has: source, or compiled. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
}
