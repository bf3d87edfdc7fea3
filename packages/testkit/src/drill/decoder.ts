import assert from "node:assert/strict";
import { formatHex, makeSeededNumbers, makeSeededRandom } from "@tombolo/base";

/** What every decoder of hostile bytes answers. */
export type DrillResult = { readonly ok: true } | { readonly ok: false; readonly reason: string; readonly at?: number };

export interface DecoderDrill {
  /** Good inputs; each is cut and bent in every way below. */
  readonly samples: readonly Uint8Array[];
  readonly decode: (bytes: Uint8Array) => DrillResult;
  /** The closed list of reasons; anything else is a failure of the drill. */
  readonly reasons: readonly string[];
  /** Lengths that are whole messages, of those that a cut can leave; by default only the full length. */
  readonly mayCutTo?: (sample: Uint8Array, length: number) => boolean;
  readonly seed?: number;
}

/**
 * The drill that every codec passes: samples decode; cut at every byte, every bit flipped, and random bytes all give a value
 * or a listed reason at an offset inside the input; nothing throws, and the input stays as it was.
 */
export function drillDecoder(drill: DecoderDrill): void {
  for (const sample of drill.samples) {
    assert.equal(check(drill, sample).ok, true, `the sample decodes: ${formatHex(sample)}`);
    for (let length = 0; length < sample.length; length += 1) {
      const result = check(drill, sample.slice(0, length));
      const whole = drill.mayCutTo?.(sample, length) ?? false;
      if (!whole) assert.equal(result.ok, false, `cut to ${length} of ${sample.length} bytes it is refused: ${formatHex(sample)}`);
    }
    for (const bent of flipEveryBit(sample)) check(drill, bent);
  }
  const random = makeSeededRandom(drill.seed ?? 1);
  const number = makeSeededNumbers(drill.seed ?? 1);
  for (let round = 0; round < 500; round += 1) {
    check(drill, random(number(200)));
    const sample = drill.samples[number(drill.samples.length)];
    if (sample !== undefined) check(drill, randomTail(sample, number(sample.length + 1), random));
  }
}

function check(drill: DecoderDrill, bytes: Uint8Array): DrillResult {
  // In the middle of a larger array, so that a read past either end meets bytes that are not ours.
  const room = new Uint8Array(bytes.length + 64).fill(0xa5);
  room.set(bytes, 32);
  const view = room.subarray(32, 32 + bytes.length);
  const before = formatHex(view);
  const result = drill.decode(view);
  assert.equal(formatHex(view), before, "decoding leaves its input alone");
  assert.deepEqual(strip(result), strip(drill.decode(bytes.slice())), `what lies around the input changes nothing: ${before}`);
  if (!result.ok) {
    assert.ok(drill.reasons.includes(result.reason), `the reason is a listed one: ${result.reason} for ${before}`);
    if (result.at !== undefined) assert.ok(result.at >= 0 && result.at <= bytes.length, `the offset is inside: ${result.at} for ${before}`);
  }
  return result;
}

function strip(result: DrillResult): string {
  return result.ok ? "ok" : `${result.reason}@${result.at ?? "-"}`;
}

export function* flipEveryBit(sample: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < sample.length * 8; bit += 1) {
    const bent = sample.slice();
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    yield bent;
  }
}

function randomTail(sample: Uint8Array, keep: number, random: (length: number) => Uint8Array): Uint8Array {
  const bytes = sample.slice();
  bytes.set(random(sample.length - keep), keep);
  return bytes;
}
