import { equalIpv6, failure, success, type Ipv6Address, type Result, type WallSec } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import { findIpv6Fault, ipv6HeaderBytes, nextHeaders } from "../ipv6/header.ts";
import { decodeAyiya, type AyiyaPacket } from "./codec.ts";
import { ayiyaHeaderBytes, ayiyaOpcodes, withinClockWindow } from "./header.ts";
import { signatureIsRight } from "./sign.ts";

/** Everything that an AYIYA packet can be refused for, in the order of the checks. */
export const ayiyaRefusals = [
  "header-too-short",
  "identity-not-ipv6",
  "signature-not-sha1",
  "auth-not-shared-secret",
  "opcode-unknown",
  "opcode-refused",
  "next-header-refused",
  "inner-too-short",
  "identity-unknown",
  "tunnel-disabled",
  "inner-not-ipv6",
  "inner-cut-short",
  "clock-off",
  "signature-wrong",
  /** A copy of a packet seen before, from another address. */
  "replayed",
  /** From another address, and older than the last move (or the proving of one). */
  "move-stale",
  /** Opcode 1 with next header 59. */
  "forward-empty",
] as const;

export type AyiyaRefusal = (typeof ayiyaRefusals)[number];

/** What one end expects of a packet from the other. */
export interface AyiyaExpectation {
  /** The other end's inner address; all sixteen bytes count. */
  readonly identity: Ipv6Address;
  readonly enabled: boolean;
  /** K, twenty bytes. */
  readonly key: Uint8Array;
  readonly role: "pop" | "client";
}

/** aiccu drops beats and answers; the PoP takes what sixxsd took. */
const acceptedOpcodes: Readonly<Record<AyiyaExpectation["role"], readonly number[]>> = {
  pop: [ayiyaOpcodes.noop, ayiyaOpcodes.forward, ayiyaOpcodes.echoRequest, ayiyaOpcodes.echoRequestAndForward],
  client: [ayiyaOpcodes.forward, ayiyaOpcodes.echoRequest, ayiyaOpcodes.echoRequestAndForward],
};

/**
 * The checks that need nothing but the packet, the tunnel and the clock; cheap before costly, the signature last.
 * A refusal before "signature-wrong" proves nothing about the sender.
 */
export function acceptAyiya(
  bytes: Uint8Array,
  expected: AyiyaExpectation,
  by: { readonly nowSec: WallSec; readonly sha1: Digest },
): Result<AyiyaPacket, AyiyaRefusal> {
  const decoded = decodeAyiya(bytes);
  if (!decoded.ok) return failure(decoded.reason);
  const packet = decoded.value;
  if (!acceptedOpcodes[expected.role].includes(packet.opcode)) return failure("opcode-refused");
  const carriesIpv6 = packet.nextHeader === nextHeaders.ipv6;
  if (!carriesIpv6 && packet.nextHeader !== nextHeaders.none) return failure("next-header-refused");
  if (carriesIpv6 && bytes.length < ayiyaHeaderBytes + ipv6HeaderBytes) return failure("inner-too-short");
  if (!equalIpv6(packet.identity, expected.identity)) return failure("identity-unknown");
  if (!expected.enabled) return failure("tunnel-disabled");
  const fault = carriesIpv6 ? findIpv6Fault(packet.payload, 0, packet.payload.length) : undefined;
  if (fault !== undefined) return failure(fault === "not-version-6" ? "inner-not-ipv6" : "inner-cut-short");
  if (!withinClockWindow(packet.epochSec, by.nowSec)) return failure("clock-off");
  if (!signatureIsRight(bytes, expected.key, by.sha1)) return failure("signature-wrong");
  return success(packet);
}
