// A program: sends AYIYA packets that are right but for the signature, from many places in turn, at a bounded rate until SIGTERM.
// Argument: FloodWish as JSON. Prints `flooding`, and at the end `sent PACKETS MS CPUMS`.
import { createSocket, type Socket } from "node:dgram";
import { encodeIpv6, parseIpv4, parseIpv6 } from "@tombolo/base";
import { monotonicMs, wallMs } from "../wait/clocks.ts";
import type { FloodWish } from "./flooder-arguments.ts";

const wish = JSON.parse(process.argv[2] ?? "") as FloodWish;
/** A stall of this program must not become a burst: what is later than this is not made up for. */
const latestMs = 20;
const tickMs = 5;
const epochAt = 4;
const packet = makePacket();
const sockets = await openSockets();
let sent = 0;
const beganMs = monotonicMs();
const cpuBefore = process.cpuUsage();
let owed = 0;
let lastMs = beganMs;
const ticking = setInterval(tick, tickMs);
process.once("SIGTERM", stop);
process.stdout.write("flooding\n");

function tick(): void {
  const nowMs = monotonicMs();
  owed += (Math.min(nowMs - lastMs, latestMs) * wish.packetsPerSec) / 1000;
  lastMs = nowMs;
  packet.writeUInt32BE(Math.floor(wallMs() / 1000) >>> 0, epochAt);
  for (; owed >= 1; owed -= 1) {
    sockets[sent % sockets.length]?.send(packet);
    sent += 1;
  }
}

function stop(): void {
  clearInterval(ticking);
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMs = (cpu.user + cpu.system) / 1000;
  process.stdout.write(`sent ${sent} ${(monotonicMs() - beganMs).toFixed(0)} ${cpuMs.toFixed(0)}\n`);
  for (const socket of sockets) socket.close();
}

/** Identity type 1 of sixteen bytes, SHA-1, shared secret, forward, IPv6; the signature is all ones, and what follows is never read. */
function makePacket(): Buffer {
  const bytes = Buffer.alloc(wish.packetBytes, 0xff);
  bytes.set([0x41, 0x52, 0x11, 41], 0);
  const identity = parseIpv6(wish.identity);
  if (!identity.ok) throw new Error(`${wish.identity} is ${identity.reason}`);
  bytes.set(encodeIpv6(identity.value), 8);
  return bytes;
}

async function openSockets(): Promise<readonly Socket[]> {
  const first = parseIpv4(wish.firstSourceIpv4);
  if (!first.ok) throw new Error(`${wish.firstSourceIpv4} is ${first.reason}`);
  const from = first.value.value;
  return Promise.all(Array.from({ length: wish.sources }, (_, i) => openSocket(from + i)));
}

/** Connected, so that no packet asks for its address anew. A refusal (a dead port) is not the flooder's business. */
function openSocket(ipv4: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = createSocket("udp4");
  const address = [ipv4 >>> 24, (ipv4 >>> 16) & 255, (ipv4 >>> 8) & 255, ipv4 & 255].join(".");
  socket.once("error", reject);
  socket.bind(0, address, () => {
    socket.connect(wish.toPort, wish.toIpv4, () => {
      socket.off("error", reject).on("error", () => {});
      resolve(socket);
    });
  });
  return promise;
}
