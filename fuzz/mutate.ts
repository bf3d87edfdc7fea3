import { concatBytes, encodeLatin1 } from "@tombolo/base";

const maxInputBytes = 4096;

type Numbers = (bound: number) => number;
type Mutation = (bytes: Uint8Array, number: Numbers, others: Others) => Uint8Array;

export interface Others {
  readonly population: readonly Uint8Array[];
  readonly words: readonly string[];
}

/** Bytes that decide: bounds of signed and unsigned, line ends, versions, the protocols' own first bytes. */
const telling = [0x00, 0x01, 0x0a, 0x0d, 0x20, 0x29, 0x2f, 0x3a, 0x3b, 0x41, 0x45, 0x52, 0x60, 0x7f, 0x80, 0xfe, 0xff];

const mutations: readonly Mutation[] = [
  (bytes, number) => withByte(bytes, number(bytes.length), (byte) => byte ^ (1 << number(8))),
  (bytes, number) => withByte(bytes, number(bytes.length), () => number(256)),
  (bytes, number) => withByte(bytes, number(bytes.length), () => telling[number(telling.length)] ?? 0),
  (bytes, number) => withByte(bytes, number(bytes.length), (byte) => byte + (number(2) === 0 ? 1 : -1)),
  (bytes, number) => bytes.slice(0, number(bytes.length + 1)),
  (bytes, number) => removed(bytes, number(bytes.length), 1 + number(16)),
  (bytes, number) =>
    inserted(
      bytes,
      number(bytes.length + 1),
      Uint8Array.from({ length: 1 + number(8) }, () => number(256)),
    ),
  (bytes, number) => inserted(bytes, number(bytes.length + 1), sliceOf(bytes, number)),
  (bytes, number, { population }) => inserted(bytes, number(bytes.length + 1), sliceOf(pick(population, number) ?? bytes, number)),
  (bytes, number, { population }) =>
    concatBytes(bytes.slice(0, number(bytes.length + 1)), sliceOf(pick(population, number) ?? bytes, number)),
  (bytes, number, { words }) => inserted(bytes, number(bytes.length + 1), encodeLatin1(pick(words, number) ?? "")),
  (bytes, number) => inserted(bytes, number(bytes.length + 1), new Uint8Array(number(1500)).fill(telling[number(telling.length)] ?? 0)),
];

/** One to four mutations in a row. */
export function mutate(bytes: Uint8Array, number: Numbers, others: Others): Uint8Array {
  // An empty input has no place to choose: its only place is 0.
  const choose: Numbers = (bound) => number(Math.max(bound, 1));
  let bent = bytes;
  for (let times = 1 + choose(4); times > 0; times -= 1) bent = mutations[choose(mutations.length)]?.(bent, choose, others) ?? bent;
  return bent.slice(0, maxInputBytes);
}

/** The shortest input found that still fails: parts are cut out, ever smaller ones, for as long as that works. */
export function minimise(bytes: Uint8Array, fails: (bytes: Uint8Array) => boolean): Uint8Array {
  let best = bytes;
  for (let size = Math.ceil(bytes.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length;) {
      const shorter = removed(best, at, size);
      if (fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}

function withByte(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(change(0));
  return bytes.with(at, change(bytes[at] ?? 0));
}

function removed(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return concatBytes(bytes.subarray(0, at), bytes.subarray(at + length));
}

function inserted(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  return concatBytes(bytes.subarray(0, at), part, bytes.subarray(at));
}

function sliceOf(bytes: Uint8Array, number: Numbers): Uint8Array {
  const at = number(bytes.length + 1);
  return bytes.slice(at, at + 1 + number(64));
}

function pick<T>(from: readonly T[], number: Numbers): T | undefined {
  return from[number(from.length)];
}
