import { afterMs, decodeIpv6, encodeIpv6, equalIpv6, type Ipv6Address, type MonotonicMs, type Random, type WallSec } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import { encodeEchoRequest } from "../icmpv6/echo.ts";
import { decodeIcmpv6 } from "../icmpv6/message.ts";
import { icmpv6HeaderBytes } from "../icmpv6/types.ts";
import { ipv6At, ipv6HeaderBytes, nextHeaders } from "../ipv6/header.ts";
import { acceptAyiya, type AyiyaRefusal } from "./accept.ts";
import type { AyiyaClock } from "./client-session.ts";
import { ayiyaEpochSec, type AyiyaPacket } from "./codec.ts";
import {
  answersNonce,
  equalEndpoints,
  hasSeen,
  hearFrom,
  makeHeldEndpoint,
  proveEndpoint,
  remember,
  spendOn,
  wantsChallenge,
  type AyiyaEndpoint,
  type HeldEndpoint,
  type SeenSignature,
} from "./endpoint.ts";
import { ayiyaOpcodes, clockSkewSec, type AyiyaOpcode } from "./header.ts";
import { sealAyiya } from "./sign.ts";

/** One tunnel as its PoP knows it. */
export interface AyiyaServerTunnel {
  /** ::1, our identity. */
  readonly localAddress: Ipv6Address;
  /** ::2, the only identity that is accepted. */
  readonly remoteAddress: Ipv6Address;
  readonly enabled: boolean;
  /** K, twenty bytes. */
  readonly key: Uint8Array;
  readonly heartbeatSec: number;
  readonly sha1: Digest;
  readonly random: Random;
}

export type AyiyaServerInput =
  | { readonly kind: "datagram"; readonly from: AyiyaEndpoint; readonly bytes: Uint8Array }
  /** An IPv6 packet for the client. */
  | { readonly kind: "packet"; readonly bytes: Uint8Array }
  | { readonly kind: "deadline" };

export type AyiyaServerEffect =
  | { readonly kind: "send"; readonly to: AyiyaEndpoint; readonly bytes: Uint8Array }
  | { readonly kind: "deliver"; readonly packet: Uint8Array }
  | {
      readonly kind: "drop";
      readonly reason: AyiyaRefusal | "no-endpoint" | "endpoint-unproven";
      /** False: anybody may have sent it, so it counts against the PoP and not the tunnel. */
      readonly verified: boolean;
      readonly skewSec?: number;
    }
  | { readonly kind: "deadline"; readonly at: MonotonicMs | undefined }
  | { readonly kind: "moved"; readonly to: AyiyaEndpoint; readonly proven: boolean }
  /** Three intervals without a valid packet. */
  | { readonly kind: "silent" };

export interface AyiyaServerState {
  readonly endpoint: HeldEndpoint | undefined;
  /** Wants to be the endpoint, and has been sent a nonce. */
  readonly candidate: HeldEndpoint | undefined;
  readonly moveEpochSec: number;
  readonly seen: readonly SeenSignature[];
}

export interface AyiyaServerStep {
  readonly state: AyiyaServerState;
  readonly effects: readonly AyiyaServerEffect[];
}

export const ayiyaServerStart: AyiyaServerState = { endpoint: undefined, candidate: undefined, moveEpochSec: 0, seen: [] };

/** A silent endpoint gives way to a new one at once, though the new one stays capped until proven. */
const giveWayIntervals = 2;
/** Keep-alives come in bursts and get lost. */
const silentIntervals = 3;
const nonceBytes = 16;

/** The PoP's end of one tunnel; whoever owns the socket finds the tunnel by the packet's identity. */
export function stepAyiyaServer(
  tunnel: AyiyaServerTunnel,
  state: AyiyaServerState,
  input: AyiyaServerInput,
  clock: AyiyaClock,
): AyiyaServerStep {
  switch (input.kind) {
    case "datagram":
      return receive(tunnel, state, input, clock);
    case "packet":
      return forward(tunnel, state, input.bytes, clock);
    case "deadline": {
      const { endpoint } = state;
      if (endpoint === undefined || !silentFor(tunnel, endpoint, clock.nowMs, silentIntervals)) return { state, effects: [] };
      const effects: AyiyaServerEffect[] = [{ kind: "deadline", at: undefined }, { kind: "silent" }];
      return { state: { ...state, endpoint: undefined, candidate: undefined }, effects };
    }
  }
}

function receive(
  tunnel: AyiyaServerTunnel,
  state: AyiyaServerState,
  datagram: { readonly from: AyiyaEndpoint; readonly bytes: Uint8Array },
  clock: AyiyaClock,
): AyiyaServerStep {
  const expected = { identity: tunnel.remoteAddress, enabled: tunnel.enabled, key: tunnel.key, role: "pop" } as const;
  const accepted = acceptAyiya(datagram.bytes, expected, { nowSec: clock.nowSec, sha1: tunnel.sha1 });
  if (!accepted.ok) return { state, effects: [refused(accepted.reason, datagram.bytes, clock.nowSec)] };
  const packet = accepted.value;
  const place = placeSender(tunnel, state, { ...datagram, epochSec: packet.epochSec }, clock);
  if (typeof place === "string") return { state, effects: [{ kind: "drop", reason: place, verified: true }] };
  const remembered = { ...place.state, seen: remember(state.seen, datagram.bytes, clock.nowSec) };
  const proven = takeProof(tunnel, remembered, packet, datagram.from);
  if (proven !== undefined) {
    return { state: proven.state, effects: [...place.effects, ...proven.effects, silenceDeadline(tunnel, clock)] };
  }
  const challenged = challengeIfWanted(tunnel, remembered, datagram.from, clock);
  const handled = handleOpcode(tunnel, challenged.state, { packet, from: datagram.from }, clock);
  return { state: handled.state, effects: [...place.effects, ...challenged.effects, ...handled.effects] };
}

function refused(reason: AyiyaRefusal, bytes: Uint8Array, nowSec: WallSec): AyiyaServerEffect {
  if (reason !== "clock-off") return { kind: "drop", reason, verified: false };
  return { kind: "drop", reason, verified: false, skewSec: clockSkewSec(ayiyaEpochSec(bytes, 0), nowSec) };
}

/** Where a valid packet's sender stands: the endpoint, its successor at once, or a candidate. */
function placeSender(
  tunnel: AyiyaServerTunnel,
  state: AyiyaServerState,
  datagram: { readonly from: AyiyaEndpoint; readonly bytes: Uint8Array; readonly epochSec: number },
  clock: AyiyaClock,
): AyiyaServerStep | "replayed" | "move-stale" {
  const { endpoint, candidate } = state;
  const { from, epochSec } = datagram;
  const length = datagram.bytes.length;
  const deadline = silenceDeadline(tunnel, clock);
  if (endpoint !== undefined && equalEndpoints(endpoint.at, from)) {
    return { state: { ...state, endpoint: hearFrom(endpoint, length, clock.nowMs) }, effects: [deadline] };
  }
  const known = candidate !== undefined && equalEndpoints(candidate.at, from) ? candidate : undefined;
  // aiccu starts with two beats that are often the same to the byte: the second one is no replay.
  if (known === undefined && hasSeen(state.seen, datagram.bytes)) return "replayed";
  if (epochSec < state.moveEpochSec) return "move-stale";
  const heard = hearFrom(known ?? makeHeldEndpoint(from, clock.nowMs, epochSec), length, clock.nowMs);
  if (endpoint === undefined || silentFor(tunnel, endpoint, clock.nowMs, giveWayIntervals)) {
    const moved: AyiyaServerEffect = { kind: "moved", to: from, proven: false };
    return {
      state: { ...state, endpoint: heard, candidate: undefined, moveEpochSec: epochSec },
      effects: [deadline, moved],
    };
  }
  if (known === undefined && candidate !== undefined && epochSec < candidate.epochSec) return "move-stale";
  return { state: { ...state, candidate: heard }, effects: [] };
}

function silenceDeadline(tunnel: AyiyaServerTunnel, clock: AyiyaClock): AyiyaServerEffect {
  return { kind: "deadline", at: afterMs(clock.nowMs, silentIntervals * tunnel.heartbeatSec * 1000) };
}

function silentFor(tunnel: AyiyaServerTunnel, held: HeldEndpoint, nowMs: MonotonicMs, intervals: number): boolean {
  return nowMs >= afterMs(held.heardAt, intervals * tunnel.heartbeatSec * 1000);
}

/** The echo reply with the nonce, from where the nonce was sent, proves that endpoint; it goes no further. */
function takeProof(
  tunnel: AyiyaServerTunnel,
  state: AyiyaServerState,
  packet: AyiyaPacket,
  from: AyiyaEndpoint,
): AyiyaServerStep | undefined {
  const held = heldAt(state, from);
  if (held === undefined || held.proven || packet.nextHeader !== nextHeaders.ipv6) return undefined;
  const message = decodeIcmpv6(packet.payload);
  if (!message.ok || message.value.kind !== "echo-reply" || !answersNonce(held, message.value.payload)) return undefined;
  if (!equalIpv6(decodeIpv6(packet.payload.subarray(ipv6At.source)), tunnel.remoteAddress)) return undefined;
  return {
    state: { ...state, endpoint: proveEndpoint(held), candidate: undefined, moveEpochSec: packet.epochSec },
    effects: [{ kind: "moved", to: from, proven: true }],
  };
}

function heldAt(state: AyiyaServerState, at: AyiyaEndpoint): HeldEndpoint | undefined {
  return [state.endpoint, state.candidate].find((held) => held !== undefined && equalEndpoints(held.at, at));
}

/**
 * Sends a nonce from ::1 to ::2 by way of an unproven endpoint, within what it may be sent. The same one again when it
 * has to ask again, so that an answer that took long still counts.
 */
function challengeIfWanted(tunnel: AyiyaServerTunnel, state: AyiyaServerState, from: AyiyaEndpoint, clock: AyiyaClock): AyiyaServerStep {
  const held = heldAt(state, from);
  if (held === undefined || !wantsChallenge(held, clock.nowMs)) return { state, effects: [] };
  const nonce = held.nonce ?? tunnel.random(nonceBytes);
  const inner = new Uint8Array(ipv6HeaderBytes + icmpv6HeaderBytes + nonceBytes);
  encodeEchoRequest(inner, 0, {
    source: encodeIpv6(tunnel.localAddress),
    destination: encodeIpv6(tunnel.remoteAddress),
    identifier: 0,
    sequence: 0,
    payload: nonce,
  });
  const sent = sendTo({ ...held, nonce, challengedAt: clock.nowMs }, seal(tunnel, clock, { opcode: ayiyaOpcodes.forward, inner }));
  return sent === undefined ? { state, effects: [] } : { state: withHeld(state, sent.held), effects: [sent.effect] };
}

function handleOpcode(
  tunnel: AyiyaServerTunnel,
  state: AyiyaServerState,
  arrived: { readonly packet: AyiyaPacket; readonly from: AyiyaEndpoint },
  clock: AyiyaClock,
): AyiyaServerStep {
  const { packet } = arrived;
  const { opcode } = packet;
  const carries = packet.nextHeader === nextHeaders.ipv6;
  const effects: AyiyaServerEffect[] = [];
  if (opcode === ayiyaOpcodes.forward && !carries) effects.push({ kind: "drop", reason: "forward-empty", verified: true });
  const forwards = opcode === ayiyaOpcodes.forward || opcode === ayiyaOpcodes.echoRequestAndForward;
  if (forwards && carries) effects.push({ kind: "deliver", packet: packet.payload });
  const asks = opcode === ayiyaOpcodes.echoRequest || opcode === ayiyaOpcodes.echoRequestAndForward;
  const held = heldAt(state, arrived.from);
  if (asks && held !== undefined && held.proven) {
    const echo = { opcode: ayiyaOpcodes.echoResponse, inner: packet.payload, nextHeader: packet.nextHeader };
    effects.push({ kind: "send", to: held.at, bytes: seal(tunnel, clock, echo) });
  }
  return { state, effects };
}

function forward(tunnel: AyiyaServerTunnel, state: AyiyaServerState, inner: Uint8Array, clock: AyiyaClock): AyiyaServerStep {
  const drop = (reason: "tunnel-disabled" | "no-endpoint" | "endpoint-unproven"): AyiyaServerStep => ({
    state,
    effects: [{ kind: "drop", reason, verified: true }],
  });
  if (!tunnel.enabled) return drop("tunnel-disabled");
  if (state.endpoint === undefined) return drop("no-endpoint");
  const sent = sendTo(state.endpoint, seal(tunnel, clock, { opcode: ayiyaOpcodes.forward, inner }));
  return sent === undefined ? drop("endpoint-unproven") : { state: withHeld(state, sent.held), effects: [sent.effect] };
}

function sendTo(held: HeldEndpoint, bytes: Uint8Array): { held: HeldEndpoint; effect: AyiyaServerEffect } | undefined {
  const after = spendOn(held, bytes.length);
  return after === undefined ? undefined : { held: after, effect: { kind: "send", to: held.at, bytes } };
}

function withHeld(state: AyiyaServerState, held: HeldEndpoint): AyiyaServerState {
  const isEndpoint = state.endpoint !== undefined && equalEndpoints(state.endpoint.at, held.at);
  return isEndpoint ? { ...state, endpoint: held } : { ...state, candidate: held };
}

function seal(
  tunnel: AyiyaServerTunnel,
  clock: AyiyaClock,
  what: { readonly opcode: AyiyaOpcode; readonly inner: Uint8Array; readonly nextHeader?: number },
): Uint8Array {
  const packet = {
    opcode: what.opcode,
    nextHeader: what.nextHeader ?? nextHeaders.ipv6,
    epochSec: clock.nowSec,
    identity: tunnel.localAddress,
    payload: what.inner,
  };
  return sealAyiya(packet, tunnel.key, tunnel.sha1);
}
