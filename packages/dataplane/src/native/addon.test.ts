import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { getuid } from "node:process";
import { suite, test } from "node:test";
import { innerAddress, openPair } from "../../native/test/namespaces.ts";
import type { Addon, AddonEngine } from "./addon.ts";
import * as layout from "./layout.ts";
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
} from "./layout.ts";
import { loadAddon } from "./load.ts";

const addon: Addon = loadAddon();
const loopback = 0x7f000001;
const isRoot = getuid?.() === 0;

suite("addon", () => {
  test("layout.h and layout.ts hold the same numbers", () => {
    const wanted: Record<string, number> = {};
    for (const [name, value] of Object.entries<number | Readonly<Record<string, number>>>(layout)) {
      if (typeof value === "number") wanted[name] = value;
      else for (const [key, number] of Object.entries(value)) wanted[`${name}.${key}`] = number;
    }
    assert.deepEqual({ ...addon.layout() }, wanted);
  });

  test("SHA-1 agrees with Node's, by either implementation", () => {
    const ways = addon.probe().shaNi ? (["auto", "portable", "sha-ni"] as const) : (["auto", "portable"] as const);
    for (const length of [0, 1, 55, 56, 63, 64, 65, 1324, 65_535]) {
      const bytes = new Uint8Array(randomBytes(length));
      const wanted = createHash("sha1").update(bytes).digest("hex");
      for (const way of ways) assert.equal(Buffer.from(addon.sha1(bytes, way)).toString("hex"), wanted, `${way}, ${length} bytes`);
    }
  });

  test("an error of the kernel carries its code and the call", () => {
    // 192.0.2.1 (RFC 5737) is nobody's.
    assert.throws(() => addon.openUdp(0xc0000201, 0, false), { code: "EADDRNOTAVAIL", syscall: "openUdp" });
    const { fd, port } = addon.openUdp(loopback, 0, false);
    assert.throws(() => addon.openUdp(loopback, port, false), { code: "EADDRINUSE", syscall: "openUdp" });
    addon.close(fd);
    assert.throws(() => addon.close(-1), { code: "EBADF", syscall: "close" });
    assert.throws(() => addon.openProto41(0, 2, 2), { code: "EINVAL", syscall: "openProto41" });
    if (isRoot) assert.throws(() => addon.openTun("lo", false), { code: "EINVAL", syscall: "openTun" });
  });

  test("arguments of the wrong type are refused, not read", () => {
    const loose = addon as unknown as Record<string, (...values: unknown[]) => unknown>;
    const call = (name: string, ...values: unknown[]): unknown => loose[name]?.(...values);
    assert.throws(() => call("sha1", [1, 2], "auto"), TypeError);
    assert.throws(() => call("sha1"), TypeError);
    assert.throws(() => call("openUdp", "127.0.0.1", 1, false), TypeError);
    assert.throws(() => call("openTun", "x".repeat(16), false), TypeError);
    assert.throws(() => call("makeEngine"), TypeError);
    assert.throws(() => call("makeEngine", { tunFd: -1, wakeFd: -1, sockets: [] }), TypeError);
    assert.throws(() => call("makeEngine", { tunFd: -1, wakeFd: -1, sockets: [{ fd: 1, kind: "tcp" }] }), TypeError);
    assert.throws(() => call("makeEngine", { tunFd: -1, wakeFd: -1, sockets: Array.from({ length: 29 }) }), RangeError);
  });

  test("SO_REUSEPORT lets workers share a port", () => {
    const first = addon.openUdp(loopback, 0, true);
    const second = addon.openUdp(loopback, first.port, true);
    assert.equal(second.port, first.port);
    addon.close(first.fd);
    addon.close(second.fd);
  });
});

interface Worker {
  readonly engine: AddonEngine;
  readonly port: number;
  readonly wakeFd: number;
  readonly slots: Uint8Array<SharedArrayBuffer>;
  readonly netData: Uint8Array<ArrayBuffer>;
  readonly netPackets: Int32Array;
  readonly tunData: Uint8Array;
  readonly tunPackets: Int32Array;
  close(): void;
}

const key = createHash("sha1").update("f3d47c2de40fb698e1ab15d757a09bfc").digest();
const identity = Buffer.from("20010db802ff00010000000000000001", "hex");

/** A worker without a TUN device, with the given socket or one of its own. */
function openWorker(socket?: { fd: number; kind: "udp" | "proto41" }): Worker {
  const udp = socket === undefined ? addon.openUdp(loopback, 0, false) : { fd: socket.fd, port: 0 };
  const wakeFd = addon.openWake().fd;
  const memory = {
    slots: new Uint8Array(new SharedArrayBuffer(2 * slotBytes)),
    netData: new Uint8Array(limits.netDataBytes),
    netPackets: new Int32Array(limits.netPackets * netWords),
    tunData: new Uint8Array(limits.tunDataBytes),
    tunPackets: new Int32Array(limits.tunPackets * tunWords),
  };
  const engine = addon.makeEngine({ tunFd: -1, wakeFd, sockets: [socket ?? { fd: udp.fd, kind: "udp" }], ...memory });
  const close = (): void => [udp.fd, wakeFd].forEach((fd) => addon.close(fd));
  return { engine, port: udp.port, wakeFd, ...memory, close };
}

function reach(worker: Worker, encapsulation: number, port: number): void {
  const view = new DataView(worker.slots.buffer);
  view.setUint32(slotAt.flags, slotFlags.used | slotFlags.hasEndpoint, true);
  view.setUint32(slotAt.encapsulation, encapsulation, true);
  view.setUint32(slotAt.endpointIp, loopback, true);
  view.setUint32(slotAt.endpointPort, port, true);
  worker.slots.set(identity, slotAt.local);
  worker.slots.set(key, slotAt.key);
}

/** Inner packets: an IPv6 header and a payload of one's choice. */
function put(worker: Worker, packets: readonly Uint8Array[]): void {
  packets.forEach((packet, index) => {
    worker.tunData.set(packet, index * 2048);
    const record = worker.tunPackets.subarray(index * tunWords, (index + 1) * tunWords).fill(0);
    record[tunWord.offset] = index * 2048;
    record[tunWord.length] = packet.length;
    record[tunWord.opcode] = 1;
  });
}

function packetOf(bytes: number, fill: number): Uint8Array {
  const packet = new Uint8Array(40 + bytes).fill(fill, 40);
  packet[0] = 0x60;
  return packet;
}

function word(words: Int32Array, index: number): number {
  return words[index] ?? 0;
}

suite("addon: engines over UDP on the loopback interface", () => {
  test("signed packets are received in a bundle and verified one by one", () => {
    const [left, right] = [openWorker(), openWorker()];
    reach(left, encapsulations.ayiya, right.port);
    reach(right, encapsulations.ayiya, left.port);
    const packets = Array.from({ length: 40 }, (_, index) => packetOf(1240, index));
    put(left, packets);
    assert.equal(left.engine.encap(packets.length, 0x43b71b80), packets.length);
    assert.equal(right.engine.poll(1000), ready.socket);
    assert.equal(right.engine.netReceive(0), packets.length);
    for (let at = 0; at < packets.length * netWords; at += netWords) {
      right.netPackets[at + netWord.verdict] = netVerdicts.verify;
      right.netPackets[at + netWord.slot] = 0;
    }
    const damaged = word(right.netPackets, 7 * netWords + netWord.offset) + 500;
    right.netData[damaged] = word(new Int32Array(right.netData.subarray(damaged, damaged + 1)), 0) ^ 1;
    right.engine.verifyAyiya(packets.length);
    for (let index = 0; index < packets.length; index++) {
      const record = right.netPackets.subarray(index * netWords, (index + 1) * netWords);
      const offset = word(record, netWord.offset);
      const datagram = right.netData.subarray(offset, offset + word(record, netWord.length));
      assert.equal(word(record, netWord.verdict), index === 7 ? netVerdicts.badSignature : netVerdicts.accept);
      assert.equal(Buffer.from(datagram.subarray(0, 24)).toString("hex"), `4152112943b71b80${identity.toString("hex")}`);
      if (index !== 7) assert.deepEqual(datagram.subarray(44), packets[index]);
      assert.equal(word(record, netWord.sourceIp), loopback);
      assert.equal(word(record, netWord.sourcePort), left.port);
    }
    left.close();
    right.close();
  });

  test("a signature made here is the one that AYIYA section 4 asks for", () => {
    const [left, right] = [openWorker(), openWorker()];
    reach(left, encapsulations.ayiya, right.port);
    put(left, [new Uint8Array(Buffer.from(`6000000000103a40${"00".repeat(32)}`, "hex"))]);
    left.engine.encap(1, 1);
    right.engine.poll(1000);
    assert.equal(right.engine.netReceive(0), 1);
    const datagram = right.netData.slice(0, word(right.netPackets, netWord.length));
    const signature = Buffer.from(datagram.subarray(24, 44)).toString("hex");
    datagram.set(key, 24);
    assert.equal(createHash("sha1").update(datagram).digest("hex"), signature);
    left.close();
    right.close();
  });

  test("wake ends a poll of another engine call, once", () => {
    const worker = openWorker();
    addon.wake(worker.wakeFd);
    assert.equal(worker.engine.poll(-1), ready.wake);
    assert.equal(worker.engine.poll(0), 0);
    worker.close();
  });

  test("a transferred buffer is an error, not a crash", () => {
    const worker = openWorker();
    structuredClone(worker.netData.buffer, { transfer: [worker.netData.buffer] });
    assert.throws(() => worker.engine.netReceive(0), { code: "ERR_INVALID_STATE" });
    assert.throws(() => worker.engine.verifyAyiya(1), { code: "ERR_INVALID_STATE" });
    worker.close();
  });

  test("a detached call keeps its engine: methods need no receiver", () => {
    const worker = openWorker();
    const { poll } = worker.engine;
    assert.equal(Reflect.apply(poll, undefined, [0]), 0);
    worker.close();
  });
});

suite("addon: protocol 41 on the loopback interface", () => {
  test("the sockets of several workers share the sources out, and each sees a packet once", () => {
    if (!isRoot) return console.log("not root: raw sockets are not tested");
    const shares = [0, 1, 2].map((index) => openWorker({ fd: addon.openProto41(0x7f000001, index, 3).fd, kind: "proto41" }));
    const sources = Array.from({ length: 30 }, (_, index) => 0x7f000101 + index);
    for (const source of sources) {
      const sender = openWorker({ fd: addon.openProto41(source, 0, 1).fd, kind: "proto41" });
      reach(sender, encapsulations.proto41, 0);
      put(sender, [packetOf(10, source & 0xff)]);
      assert.equal(sender.engine.encap(1, 0), 1);
      sender.close();
    }
    const seen = shares.map(({ engine, netPackets, netData }) =>
      Array.from({ length: engine.netReceive(0) }, (_, index) => {
        const record = netPackets.subarray(index * netWords, (index + 1) * netWords);
        const source = word(record, netWord.sourceIp);
        assert.equal(word(record, netWord.length), 50);
        assert.equal(word(record, netWord.sourcePort), 0);
        assert.equal(netData[word(record, netWord.offset) + 40], source & 0xff);
        return source;
      }),
    );
    for (const share of seen) assert.ok(share.length > 0 && share.length < sources.length);
    assert.deepEqual(
      seen.flat().toSorted((a, b) => a - b),
      sources,
    );
    for (const share of shares) share.close();
  });
});

suite("addon: TCP between two kernels through TUN devices", () => {
  const streamBytes = 30_000_000;
  const cases = [
    { name: "AYIYA, signed", encapsulation: "ayiya", mtuBytes: 1280, cableMtuBytes: 1500 },
    { name: "bare IPv6 in UDP", encapsulation: "udp", mtuBytes: 1280, cableMtuBytes: 1500 },
    { name: "protocol 41", encapsulation: "proto41", mtuBytes: 1480, cableMtuBytes: 1500 },
    { name: "AYIYA over a path that must fragment", encapsulation: "ayiya", mtuBytes: 1280, cableMtuBytes: 1300 },
  ] as const;
  for (const { name, ...options } of cases) {
    test(`a stream arrives whole: ${name}`, async () => {
      if (!isRoot) return console.log("not root: TUN devices are not tested");
      const pair = await openPair({ ...options, tos: 2 });
      try {
        const server = pair.start("b", "tcp-stream.ts", ["listen", innerAddress.b]);
        assert.equal(await server.line(), "listening");
        const client = pair.start("a", "tcp-stream.ts", ["send", innerAddress.b, String(streamBytes)]);
        const [sent, received] = await Promise.all([client.line(), server.line()]);
        assert.equal(received, sent);
        assert.match(sent, new RegExp(` ${streamBytes}$`));
      } finally {
        await pair.close();
      }
    });
  }
});
