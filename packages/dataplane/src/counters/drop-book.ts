import { wallSec } from "@tombolo/base";
import { dropReasons } from "../plane/drop-reasons.ts";
import type { DropRecord } from "../plane/plane.ts";

/**
 * What was dropped of which tunnel and why, with the last time, source and first bytes: a bounded book per worker in shared memory.
 * Where it is full the oldest entry nearby gives way; the sums per reason and per tunnel are kept elsewhere and stay right.
 */
const records = 2 ** 10;
const near = 8;
const recordBytes = 160;
const recordWords = recordBytes / 4;
const keptBytes = 128;
/** Words of a record: slot + 1 (0: free), reason, count, time, source address, source port, length; bytes from word 8. */
const word = { slot: 0, reason: 1, count: 2, atSec: 3, ip: 4, port: 5, length: 6 } as const;
const bytesAt = 32;

export function makeDropBookMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(records * recordBytes);
}

export class DropBook {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  /** One drop. `ip` and `port` are 0 where there is no outer source. Allocates nothing; bytes are copied once a second at most. */
  note(slot: number, reason: number, atSec: number, data: Uint8Array, at: number, length: number, ip: number, port: number): void {
    const record = this.#seat(slot, reason);
    const base = record * recordWords;
    const words = this.#words;
    words[base + word.count] = (words[base + word.count] ?? 0) + 1;
    if (words[base + word.atSec] === (atSec | 0)) return;
    words[base + word.atSec] = atSec;
    words[base + word.ip] = ip;
    words[base + word.port] = port;
    const kept = Math.min(length, keptBytes, data.length - at);
    words[base + word.length] = kept;
    const to = record * recordBytes + bytesAt;
    for (let i = 0; i < kept; i += 1) this.#bytes[to + i] = data[at + i] ?? 0;
  }

  /** The record of this slot and reason; a free one, or else the oldest one nearby, is made into it. */
  #seat(slot: number, reason: number): number {
    const words = this.#words;
    // The upper bits of the product are the ones that every bit of the key reaches.
    const start = Math.imul(slot * 64 + reason, 0x9e3779b1) >>> 22;
    let best = start;
    let bestAge = Number.POSITIVE_INFINITY;
    for (let i = 0; i < near; i += 1) {
      const record = (start + i) % records;
      const base = record * recordWords;
      if (words[base + word.slot] === slot + 1 && words[base + word.reason] === reason) return record;
      const age = words[base + word.slot] === 0 ? -1 : (words[base + word.atSec] ?? 0) >>> 0;
      if (age < bestAge) {
        best = record;
        bestAge = age;
      }
    }
    const base = best * recordWords;
    words.fill(0, base, base + recordWords);
    words[base + word.slot] = slot + 1;
    words[base + word.reason] = reason;
    return best;
  }

  /** All records of a slot; for the control thread, which may see one in the middle of a change. */
  read(slot: number): DropRecord[] {
    const found: DropRecord[] = [];
    for (let record = 0; record < records; record += 1) {
      const base = record * recordWords;
      const words = this.#words;
      if (words[base + word.slot] !== slot + 1) continue;
      const ip = (words[base + word.ip] ?? 0) >>> 0;
      found.push({
        reason: dropReasons[words[base + word.reason] ?? 0] ?? "short",
        count: words[base + word.count] ?? 0,
        lastAt: wallSec((words[base + word.atSec] ?? 0) >>> 0),
        lastSource: ip === 0 ? undefined : { ipv4: { family: 4, value: ip }, port: words[base + word.port] ?? 0 },
        lastBytes: this.#bytes.slice(record * recordBytes + bytesAt, record * recordBytes + bytesAt + (words[base + word.length] ?? 0)),
      });
    }
    return found;
  }

  /** The slot was given to another tunnel. The worker may race with this and lose one count. */
  forget(slot: number): void {
    for (let record = 0; record < records; record += 1) {
      if (this.#words[record * recordWords] === slot + 1) this.#words[record * recordWords] = 0;
    }
  }
}

/** Adds the books of several workers into one list, the newest sighting of each reason telling time, source and bytes. */
export function mergeDrops(lists: readonly (readonly DropRecord[])[]): DropRecord[] {
  const merged = new Map<string, DropRecord>();
  for (const record of lists.flat()) {
    const other = merged.get(record.reason);
    if (other === undefined) merged.set(record.reason, record);
    else merged.set(record.reason, { ...(other.lastAt > record.lastAt ? other : record), count: other.count + record.count });
  }
  return [...merged.values()];
}
