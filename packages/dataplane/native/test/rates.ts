// Packet rates of the addon's calls, one thread, over the loopback interface of a namespace of its own (needs root):
//   unshare --net node --conditions=source native/test/rates.ts [packets per TCP super-packet]
// Sends TCP super-packets of a made-up stream through one engine and lets another receive, verify, merge and write them to a
// TUN device. Prints nanoseconds per inner packet of each step.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import type { Addon, AddonEngine } from "../../src/native/addon.ts";
import {
  encapsulations,
  limits,
  netVerdicts,
  netWord,
  netWords,
  segmentKinds,
  slotAt,
  slotBytes,
  slotFlags,
  tunWord,
  tunWords,
} from "../../src/native/layout.ts";
import { loadAddon } from "../../src/native/load.ts";

const loopback = 0x7f000001;
const innerMtuBytes = 1280;
const tcpHeaderBytes = 60;
const rounds = 2000;
const segments = Number(process.argv[2] ?? 48);

interface End {
  readonly engine: AddonEngine;
  readonly port: number;
  readonly slots: DataView;
  readonly netPackets: Int32Array;
  readonly tunData: Uint8Array;
  readonly tunPackets: Int32Array;
}

function open(addon: Addon, tunFd: number): End {
  const { fd, port } = addon.openUdp(loopback, 0, false);
  const slots = new Uint8Array(new SharedArrayBuffer(slotBytes));
  const netPackets = new Int32Array(limits.netPackets * netWords);
  const tunData = new Uint8Array(limits.tunDataBytes);
  const tunPackets = new Int32Array(limits.tunPackets * tunWords);
  const engine = addon.makeEngine({
    tunFd,
    wakeFd: addon.openWake().fd,
    sockets: [{ fd, kind: "udp" }],
    slots,
    netData: new Uint8Array(limits.netDataBytes),
    netPackets,
    tunData,
    tunPackets,
  });
  slots.set(createHash("sha1").update("secret").digest(), slotAt.key);
  return { engine, port, slots: new DataView(slots.buffer), netPackets, tunData, tunPackets };
}

function reach(end: End, encapsulation: number, port: number): void {
  end.slots.setUint32(slotAt.flags, slotFlags.used | slotFlags.hasEndpoint, true);
  end.slots.setUint32(slotAt.encapsulation, encapsulation, true);
  end.slots.setUint32(slotAt.endpointIp, loopback, true);
  end.slots.setUint32(slotAt.endpointPort, port, true);
}

/** A TCP super-packet from 2001:db8::1 to 2001:db8::2, as a TUN device would give it. */
function putSuperPacket(end: End): void {
  const payloadBytes = segments * (innerMtuBytes - tcpHeaderBytes);
  const view = new DataView(end.tunData.buffer, 0, tcpHeaderBytes + payloadBytes);
  end.tunData.set(Buffer.from(`600000000000064020010db8${"00".repeat(11)}0120010db8${"00".repeat(11)}02`, "hex"));
  view.setUint16(4, tcpHeaderBytes - 40 + payloadBytes);
  view.setUint32(40, 0x03e807d0);
  view.setUint16(52, 0x5010);
  const record = end.tunPackets;
  record[tunWord.length] = tcpHeaderBytes + payloadBytes;
  record[tunWord.segmentKind] = segmentKinds.tcp6;
  record[tunWord.segmentBytes] = innerMtuBytes - tcpHeaderBytes;
  record[tunWord.opcode] = 1;
}

function measure(addon: Addon, tunFd: number, encapsulation: "ayiya" | "udp"): void {
  const [left, right] = [open(addon, -1), open(addon, tunFd)];
  reach(left, encapsulations[encapsulation], right.port);
  reach(right, encapsulations[encapsulation], left.port);
  putSuperPacket(left);
  const skip = encapsulation === "ayiya" ? 44 : 0;
  const spent = { "encap, sign, send": 0n, receive: 0n, verify: 0n, "merge, write": 0n };
  const timed = <Value>(step: keyof typeof spent, work: () => Value): Value => {
    const start = process.hrtime.bigint();
    const value = work();
    spent[step] += process.hrtime.bigint() - start;
    return value;
  };
  let packets = 0;
  for (let round = 0; round < rounds; round++) {
    timed("encap, sign, send", () => left.engine.encap(1, 1));
    for (let count; (count = timed("receive", () => right.engine.netReceive(0))) > 0; packets += count) {
      for (let at = 0; at < count * netWords; at += netWords) {
        right.netPackets[at + netWord.slot] = 0;
        right.netPackets[at + netWord.innerOffset] = (right.netPackets[at + netWord.offset] ?? 0) + skip;
        right.netPackets[at + netWord.innerLength] = (right.netPackets[at + netWord.length] ?? 0) - skip;
        right.netPackets[at + netWord.verdict] = skip > 0 ? netVerdicts.verify : netVerdicts.accept;
      }
      const received = count;
      if (skip > 0) timed("verify", () => right.engine.verifyAyiya(received));
      timed("merge, write", () => right.engine.tunSend(received));
    }
  }
  console.log(
    `${encapsulation}, ${segments} packets of ${innerMtuBytes} bytes per super-packet, ${packets} of ${rounds * segments} arrived`,
  );
  let total = 0;
  for (const [step, ns] of Object.entries(spent)) {
    total += Number(ns) / packets;
    console.log(`  ${step.padEnd(18)} ${(Number(ns) / packets).toFixed(0).padStart(6)} ns per packet`);
  }
  console.log(
    `  ${"all".padEnd(18)} ${total.toFixed(0).padStart(6)} ns per packet, ${(1e6 / total).toFixed(0)} thousand packets per second`,
  );
}

const addon = loadAddon();
const tun = addon.openTun("", false);
execFileSync("ip", ["link", "set", "lo", "up"]);
execFileSync("ip", ["link", "set", tun.name, "up"]);
for (const encapsulation of ["ayiya", "udp"] as const) measure(addon, tun.fd, encapsulation);
