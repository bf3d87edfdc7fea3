// One end of a tunnel with the least possible TypeScript: every packet from the peer is let in, every packet off the TUN device
// goes to the peer. For the tests and measurements of the addon, in a network namespace of its own:
//   node tunnel-end.ts '{"encapsulation":"ayiya", ...}'     (TunnelEnd below, as JSON)
// Prints "ready" and runs until it is killed.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import type { AddonEngine } from "../../src/native/addon.ts";
import {
  encapsulations,
  limits,
  netVerdicts,
  netWord,
  netWords,
  ready,
  slotAt,
  slotBytes,
  slotFlags,
  tunWord,
  tunWords,
} from "../../src/native/layout.ts";
import { loadAddon } from "../../src/native/load.ts";

export interface TunnelEnd {
  readonly encapsulation: "ayiya" | "udp" | "proto41";
  /** IPv4 addresses as numbers. */
  readonly localIp: number;
  readonly peerIp: number;
  readonly port: number;
  /** Inner addresses: 16 bytes in hexadecimal, and as text for the device. */
  readonly identity: string;
  readonly address: string;
  readonly mtuBytes: number;
  /** Outer TOS byte. */
  readonly tos: number;
}

const headerBytes = { ayiya: 44, udp: 0, proto41: 0 } as const;

interface Pump {
  readonly engine: AddonEngine;
  readonly end: TunnelEnd;
  readonly netPackets: Int32Array;
  readonly tunPackets: Int32Array;
}

function open(end: TunnelEnd): Pump {
  const addon = loadAddon();
  const kind = end.encapsulation === "proto41" ? "proto41" : "udp";
  const socket = kind === "udp" ? addon.openUdp(end.localIp, end.port, false) : addon.openProto41(end.localIp, 0, 1);
  const tun = addon.openTun("", false);
  execFileSync("ip", ["-6", "address", "add", `${end.address}/64`, "dev", tun.name, "nodad"]);
  execFileSync("ip", ["link", "set", tun.name, "mtu", String(end.mtuBytes), "up"]);
  const slots = new Uint8Array(new SharedArrayBuffer(slotBytes));
  fillSlot(slots, end);
  const netPackets = new Int32Array(limits.netPackets * netWords);
  const tunPackets = new Int32Array(limits.tunPackets * tunWords);
  const engine = addon.makeEngine({
    tunFd: tun.fd,
    wakeFd: addon.openWake().fd,
    sockets: [{ fd: socket.fd, kind }],
    slots,
    netData: new Uint8Array(limits.netDataBytes),
    netPackets,
    tunData: new Uint8Array(limits.tunDataBytes),
    tunPackets,
  });
  return { engine, end, netPackets, tunPackets };
}

function fillSlot(slots: Uint8Array, end: TunnelEnd): void {
  const view = new DataView(slots.buffer);
  view.setUint32(slotAt.flags, slotFlags.used | slotFlags.enabled | slotFlags.hasEndpoint | slotFlags.proven, true);
  view.setUint32(slotAt.encapsulation, encapsulations[end.encapsulation], true);
  view.setUint32(slotAt.mtuBytes, end.mtuBytes, true);
  view.setUint32(slotAt.endpointIp, end.peerIp, true);
  view.setUint32(slotAt.endpointPort, end.port, true);
  slots.set(Buffer.from(end.identity, "hex"), slotAt.local);
  slots.set(createHash("sha1").update("secret").digest(), slotAt.key);
}

function fromNetwork(pump: Pump): void {
  const { engine, end, netPackets } = pump;
  const skip = headerBytes[end.encapsulation];
  const count = engine.netReceive(0);
  for (let at = 0; at < count * netWords; at += netWords) {
    netPackets[at + netWord.slot] = 0;
    netPackets[at + netWord.innerOffset] = (netPackets[at + netWord.offset] ?? 0) + skip;
    netPackets[at + netWord.innerLength] = (netPackets[at + netWord.length] ?? 0) - skip;
    netPackets[at + netWord.verdict] = skip > 0 ? netVerdicts.verify : netVerdicts.accept;
  }
  engine.verifyAyiya(count);
  engine.tunSend(count);
}

function fromKernel(pump: Pump): void {
  const { engine, end, tunPackets } = pump;
  const count = engine.tunReceive();
  for (let at = 0; at < count * tunWords; at += tunWords) {
    tunPackets[at + tunWord.slot] = 0;
    tunPackets[at + tunWord.tos] = end.tos;
  }
  engine.encap(count, Math.floor(Date.now() / 1000));
}

function run(pump: Pump): never {
  for (;;) {
    const bits = pump.engine.poll(-1);
    if ((bits & ready.socket) !== 0) fromNetwork(pump);
    if ((bits & ready.tun) !== 0) fromKernel(pump);
  }
}

if (process.argv[2] !== undefined) {
  const pump = open(JSON.parse(process.argv[2]) as TunnelEnd);
  writeSync(1, "ready\n"); // the loop below never lets a stream write
  run(pump);
}
