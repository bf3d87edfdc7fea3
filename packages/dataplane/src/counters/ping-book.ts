/**
 * Round trips of pings, one record a slot in shared memory: one worker asks, whichever worker hears the answer settles it, and the
 * control thread reads and begins anew. Pages are touched only for tunnels that are pinged.
 */
const inFlight = 4;
/** Words: the sums since the last look, then the pings under way. */
const word = { sent: 0, received: 1, sumTicks: 2, minTicks: 3, maxTicks: 4, sequence: 5, flights: 8 } as const;
/** Words of a ping under way: `isUnderWay`, `wantsPong` and the sequence (0: none), its nonce, when it was sent. */
const flight = { state: 0, nonceA: 1, nonceB: 2, sentTicks: 3 } as const;
const flightWords = 4;
const recordWords = word.flights + inFlight * flightWords;
const isUnderWay = 1;
const wantsPong = 2;
const sequenceShift = 2;
const ticksPerMs = 100;
/** A later answer does not count (SixXS: older than 10 s). */
const expiryTicks = 10_000 * ticksPerMs;

/** Threads read one clock, but each may be stopped between its readings. */
const skewTicks = 1000 * ticksPerMs;

export function makePingMemory(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(capacity * recordWords * 4);
}

export interface Ping {
  readonly sequence: number;
  readonly nonceA: number;
  readonly nonceB: number;
}

/** What was settled by an answer. */
export interface Pong {
  readonly rttMs: number;
  readonly wantsPong: boolean;
}

export class PingBook {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** Takes a seat for a ping; its sequence, or -1 when as many as may be are under way. One thread alone calls it. */
  begin(
    slot: number,
    nonce: { readonly a: number; readonly b: number },
    options: { readonly nowMs: number; readonly pong: boolean },
  ): number {
    const words = this.#words;
    const base = slot * recordWords;
    const nowTicks = ticksOf(options.nowMs);
    const seat = this.#freeSeat(base, nowTicks);
    if (seat < 0) return -1;
    const sequence = (words[base + word.sequence] ?? 0) & 0xffff;
    words[base + word.sequence] = sequence + 1;
    // An expired one may be answered just now; with no state it is settled by nobody while it changes.
    Atomics.store(words, seat + flight.state, 0);
    words[seat + flight.nonceA] = nonce.a;
    words[seat + flight.nonceB] = nonce.b;
    words[seat + flight.sentTicks] = nowTicks;
    Atomics.store(words, seat + flight.state, (sequence << sequenceShift) | isUnderWay | (options.pong ? wantsPong : 0));
    Atomics.add(words, base + word.sent, 1);
    return sequence;
  }

  /** Settles the ping that this answers; undefined when there is none, or none any more. Any thread may call it. */
  settle(slot: number, ping: Ping, nowMs: number): Pong | undefined {
    const words = this.#words;
    const base = slot * recordWords;
    for (let i = 0; i < inFlight; i += 1) {
      const seat = base + word.flights + i * flightWords;
      const state = Atomics.load(words, seat + flight.state);
      if ((state & isUnderWay) === 0 || state >>> sequenceShift !== ping.sequence) continue;
      if (words[seat + flight.nonceA] !== ping.nonceA || words[seat + flight.nonceB] !== ping.nonceB) continue;
      const age = (ticksOf(nowMs) - (words[seat + flight.sentTicks] ?? 0)) | 0;
      // Whoever takes the state away counts it, so that a copy of the answer is none.
      if (!isYoung(age) || Atomics.compareExchange(words, seat + flight.state, state, 0) !== state) return undefined;
      const ticks = Math.max(0, age);
      this.#count(base, ticks);
      return { rttMs: ticks / ticksPerMs, wantsPong: (state & wantsPong) !== 0 };
    }
    return undefined;
  }

  /** The sums since the last call, which begin anew; times in ms, 0 without answers. What is still under way is left to the next call. */
  take(slot: number, nowMs: number): { sent: number; received: number; minMs: number; avgMs: number; maxMs: number } {
    const words = this.#words;
    const base = slot * recordWords;
    const open = this.#open(base, ticksOf(nowMs));
    const received = Atomics.exchange(words, base + word.received, 0);
    const sumTicks = Atomics.exchange(words, base + word.sumTicks, 0) >>> 0;
    // The least stands there plus one, so that 0 is none.
    const minTicks = Atomics.exchange(words, base + word.minTicks, 0) - 1;
    const maxTicks = Atomics.exchange(words, base + word.maxTicks, 0);
    const sent = Math.max(0, Atomics.exchange(words, base + word.sent, open) - open);
    if (received === 0) return { sent, received, minMs: 0, avgMs: 0, maxMs: 0 };
    const avgMs = sumTicks / received / ticksPerMs;
    return { sent, received, minMs: Math.max(0, minTicks) / ticksPerMs, avgMs, maxMs: maxTicks / ticksPerMs };
  }

  /** The slot is given to another tunnel. */
  forget(slot: number): void {
    for (let i = 0; i < recordWords; i += 1) Atomics.store(this.#words, slot * recordWords + i, 0);
  }

  /** How many may still be answered. */
  #open(base: number, nowTicks: number): number {
    const words = this.#words;
    let open = 0;
    for (let i = 0; i < inFlight; i += 1) {
      const seat = base + word.flights + i * flightWords;
      const isOpen = (Atomics.load(words, seat + flight.state) & isUnderWay) !== 0;
      if (isOpen && isYoung((nowTicks - (words[seat + flight.sentTicks] ?? 0)) | 0)) open += 1;
    }
    return open;
  }

  #freeSeat(base: number, nowTicks: number): number {
    const words = this.#words;
    for (let i = 0; i < inFlight; i += 1) {
      const seat = base + word.flights + i * flightWords;
      const isFree = (Atomics.load(words, seat + flight.state) & isUnderWay) === 0;
      if (isFree || !isYoung((nowTicks - (words[seat + flight.sentTicks] ?? 0)) | 0)) return seat;
    }
    return -1;
  }

  #count(base: number, ticks: number): void {
    const words = this.#words;
    Atomics.add(words, base + word.received, 1);
    Atomics.add(words, base + word.sumTicks, ticks);
    for (let least = Atomics.load(words, base + word.minTicks); least === 0 || ticks + 1 < least;) {
      const found = Atomics.compareExchange(words, base + word.minTicks, least, ticks + 1);
      if (found === least) break;
      least = found;
    }
    for (let most = Atomics.load(words, base + word.maxTicks); ticks > most;) {
      const found = Atomics.compareExchange(words, base + word.maxTicks, most, ticks);
      if (found === most) break;
      most = found;
    }
  }
}

/** Whether a ping of this age in ticks may still be answered. */
function isYoung(age: number): boolean {
  return age > -skewTicks && age <= expiryTicks;
}

/** Hundredths of a millisecond as 32 bits, which turn over after twelve hours. */
function ticksOf(ms: number): number {
  return Math.round(ms * ticksPerMs) | 0;
}
