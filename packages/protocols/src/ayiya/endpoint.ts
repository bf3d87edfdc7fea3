import { afterMs, equalBytes, formatHex, type Ipv4Address, type MonotonicMs, type WallSec } from "@tombolo/base";
import { ayiyaAt } from "./header.ts";

/** Where datagrams come from and go to. */
export interface AyiyaEndpoint {
  readonly ipv4: Ipv4Address;
  readonly port: number;
}

export function equalEndpoints(a: AyiyaEndpoint, b: AyiyaEndpoint): boolean {
  return a.ipv4.value === b.ipv4.value && a.port === b.port;
}

/** An endpoint with what it may be sent while it has not proven that it is there. */
export interface HeldEndpoint {
  readonly at: AyiyaEndpoint;
  readonly proven: boolean;
  /** Bytes of datagrams that may still be sent to it before it is proven. */
  readonly budgetBytes: number;
  readonly heardAt: MonotonicMs;
  /** What the echo request to it carried; undefined once proven. */
  readonly nonce: Uint8Array | undefined;
  readonly challengedAt: MonotonicMs | undefined;
  /** EpochTime of the packet that brought it up. */
  readonly epochSec: number;
}

/** An unproven endpoint gets at most this many times what came from it, so that a spoofed source gains nothing. */
const amplificationLimit = 3;

/** How long to wait before another nonce goes to the same place. */
const challengeAgainMs = 1000;

export function makeHeldEndpoint(at: AyiyaEndpoint, nowMs: MonotonicMs, epochSec: number): HeldEndpoint {
  return { at, proven: false, budgetBytes: 0, heardAt: nowMs, nonce: undefined, challengedAt: undefined, epochSec };
}

export function hearFrom(held: HeldEndpoint, bytes: number, nowMs: MonotonicMs): HeldEndpoint {
  const budgetBytes = held.proven ? 0 : held.budgetBytes + amplificationLimit * bytes;
  return { ...held, heardAt: nowMs, budgetBytes };
}

export function proveEndpoint(held: HeldEndpoint): HeldEndpoint {
  return { ...held, proven: true, budgetBytes: 0, nonce: undefined, challengedAt: undefined };
}

/** Undefined when the endpoint is unproven and has had its share. */
export function spendOn(held: HeldEndpoint, bytes: number): HeldEndpoint | undefined {
  if (held.proven) return held;
  return held.budgetBytes < bytes ? undefined : { ...held, budgetBytes: held.budgetBytes - bytes };
}

export function wantsChallenge(held: HeldEndpoint, nowMs: MonotonicMs): boolean {
  if (held.proven) return false;
  return held.challengedAt === undefined || nowMs >= afterMs(held.challengedAt, challengeAgainMs);
}

export function answersNonce(held: HeldEndpoint, payload: Uint8Array): boolean {
  return held.nonce !== undefined && equalBytes(held.nonce, payload);
}

/** Signatures of the newest packets: a copy of one of them never moves a tunnel. */
export interface SeenSignature {
  readonly signature: string;
  readonly at: WallSec;
}

/** Both halves of the clock window and the second between: older packets are refused for their time. */
const rememberSignaturesSec = 241;

/**
 * How many are kept. A busier tunnel forgets within the window; then the order of epochs and the nonce still hold.
 */
const rememberSignatures = 64;

export function hasSeen(seen: readonly SeenSignature[], packet: Uint8Array): boolean {
  const signature = signatureOf(packet);
  return seen.some((one) => one.signature === signature);
}

export function remember(seen: readonly SeenSignature[], packet: Uint8Array, nowSec: WallSec): readonly SeenSignature[] {
  const fresh = seen.filter((one) => Math.abs(nowSec - one.at) <= rememberSignaturesSec);
  return [...fresh, { signature: signatureOf(packet), at: nowSec }].slice(-rememberSignatures);
}

function signatureOf(packet: Uint8Array): string {
  return formatHex(packet.subarray(ayiyaAt.signature, ayiyaAt.payload));
}
