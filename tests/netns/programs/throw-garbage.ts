// A program for hostile.test.ts: throws COUNT datagrams of noise at ADDRESS PORT, half of them behind a correct AYIYA header. The noise comes
// from a seed, so that a crash can be had again. Says how many of them left.
import { createSocket } from "node:dgram";

const [, , address = "", port = "", count = "", seed = ""] = process.argv;
// 128-bit identity, SHA-1 signature, shared secret, forward, IPv6 (protocol sheet, section 2).
const header = Buffer.from("41521129", "hex");
let state = BigInt(seed) | 1n;

/** xorshift64: plenty for noise. */
function next(): bigint {
  state ^= (state << 13n) & 0xffff_ffff_ffff_ffffn;
  state ^= state >> 7n;
  state ^= (state << 17n) & 0xffff_ffff_ffff_ffffn;
  return state;
}

function makeNoise(): Buffer {
  const bytes = Buffer.alloc(Number(next() % 1_400n));
  for (let at = 0; at + 8 <= bytes.length; at += 8) bytes.writeBigUInt64BE(next(), at);
  if (next() % 2n === 0n) header.copy(bytes);
  return bytes;
}

const socket = createSocket("udp4");
let left = Number(count);
let sent = 0;

function throwSome(): void {
  if (left === 0) {
    socket.close();
    process.stdout.write(`sent ${sent}\n`);
    return;
  }
  left -= 1;
  socket.send(makeNoise(), Number(port), address, (error) => {
    if (error === null) sent += 1;
    throwSome();
  });
}

throwSome();
