import { afterMs, assert, type Ipv6Address, type MonotonicMs, type WallSec } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import { nextHeaders } from "../ipv6/header.ts";
import { acceptAyiya, type AyiyaRefusal } from "./accept.ts";
import { ayiyaEpochSec } from "./codec.ts";
import { ayiyaOpcodes, clockSkewSec } from "./header.ts";
import { sealAyiya } from "./sign.ts";

/** What stays the same for as long as a client holds its tunnel. */
export interface AyiyaClientTunnel {
  /** Our inner end, ::2, and our identity. */
  readonly localAddress: Ipv6Address;
  /** The PoP's inner end, ::1: the only identity that is accepted. */
  readonly remoteAddress: Ipv6Address;
  /** K, twenty bytes. */
  readonly key: Uint8Array;
  /** At least 1. */
  readonly heartbeatSec: number;
  readonly sha1: Digest;
}

export interface AyiyaClock {
  readonly nowMs: MonotonicMs;
  readonly nowSec: WallSec;
}

export type AyiyaClientInput =
  | { readonly kind: "start" }
  /** A datagram from the PoP: the socket is connected, so its source needs no look. */
  | { readonly kind: "datagram"; readonly bytes: Uint8Array }
  /** An IPv6 packet that the host sends into the tunnel. */
  | { readonly kind: "packet"; readonly bytes: Uint8Array }
  /** Beat now: the outer address may have changed. */
  | { readonly kind: "beat" }
  | { readonly kind: "deadline" };

export type AyiyaClientEffect =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "deliver"; readonly packet: Uint8Array }
  | { readonly kind: "drop"; readonly reason: AyiyaRefusal; readonly skewSec?: number }
  | { readonly kind: "deadline"; readonly at: MonotonicMs };

export interface AyiyaClientState {
  readonly nextBeatAt: MonotonicMs | undefined;
  /** When a packet of the PoP was last accepted. */
  readonly lastHeardAt: MonotonicMs | undefined;
}

export interface AyiyaClientStep {
  readonly state: AyiyaClientState;
  readonly effects: readonly AyiyaClientEffect[];
}

export const ayiyaClientStart: AyiyaClientState = { nextBeatAt: undefined, lastHeardAt: undefined };

/**
 * The client's end: two beats at once, as aiccu does, then one every interval whether or not data flows. Packets of the
 * PoP are taken by aiccu's rules and, beyond them, only when the inner packet is whole. Nothing is ever answered.
 */
export function stepAyiyaClient(
  tunnel: AyiyaClientTunnel,
  state: AyiyaClientState,
  input: AyiyaClientInput,
  clock: AyiyaClock,
): AyiyaClientStep {
  assert(tunnel.heartbeatSec >= 1, "an interval of zero would beat without end");
  switch (input.kind) {
    case "start":
      return beat(tunnel, state, clock, 2);
    case "beat":
      return beat(tunnel, state, clock, 1);
    case "deadline":
      return state.nextBeatAt === undefined || clock.nowMs < state.nextBeatAt ? { state, effects: [] } : beat(tunnel, state, clock, 1);
    case "packet":
      return { state, effects: [{ kind: "send", bytes: seal(tunnel, clock, input.bytes) }] };
    case "datagram":
      return receive(tunnel, state, input.bytes, clock);
  }
}

function beat(tunnel: AyiyaClientTunnel, state: AyiyaClientState, clock: AyiyaClock, times: number): AyiyaClientStep {
  const nextBeatAt = afterMs(clock.nowMs, tunnel.heartbeatSec * 1000);
  const send: AyiyaClientEffect = { kind: "send", bytes: seal(tunnel, clock, undefined) };
  return {
    state: { ...state, nextBeatAt },
    effects: [...Array<AyiyaClientEffect>(times).fill(send), { kind: "deadline", at: nextBeatAt }],
  };
}

/** A beat when there is no inner packet, else a forward. */
function seal(tunnel: AyiyaClientTunnel, clock: AyiyaClock, inner: Uint8Array | undefined): Uint8Array {
  const packet = {
    opcode: inner === undefined ? ayiyaOpcodes.noop : ayiyaOpcodes.forward,
    nextHeader: inner === undefined ? nextHeaders.none : nextHeaders.ipv6,
    epochSec: clock.nowSec,
    identity: tunnel.localAddress,
    payload: inner ?? new Uint8Array(0),
  };
  return sealAyiya(packet, tunnel.key, tunnel.sha1);
}

function receive(tunnel: AyiyaClientTunnel, state: AyiyaClientState, bytes: Uint8Array, clock: AyiyaClock): AyiyaClientStep {
  const expected = { identity: tunnel.remoteAddress, enabled: true, key: tunnel.key, role: "client" } as const;
  const accepted = acceptAyiya(bytes, expected, { nowSec: clock.nowSec, sha1: tunnel.sha1 });
  if (!accepted.ok) return { state, effects: [dropOf(accepted.reason, bytes, clock.nowSec)] };
  const heard = { ...state, lastHeardAt: clock.nowMs };
  // aiccu delivers by next header, not by opcode: an echo request with a packet behind it is delivered too.
  if (accepted.value.nextHeader !== nextHeaders.ipv6) return { state: heard, effects: [] };
  return { state: heard, effects: [{ kind: "deliver", packet: accepted.value.payload }] };
}

function dropOf(reason: AyiyaRefusal, bytes: Uint8Array, nowSec: WallSec): AyiyaClientEffect {
  if (reason !== "clock-off") return { kind: "drop", reason };
  return { kind: "drop", reason, skewSec: clockSkewSec(ayiyaEpochSec(bytes, 0), nowSec) };
}
