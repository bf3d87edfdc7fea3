import { malformed, success, type Decoded } from "@tombolo/base";
import { ipv6PacketBytes } from "../ipv6/header.ts";
import { checksumIsRight, findIcmpv6 } from "./checksum.ts";
import { icmpv6At, icmpv6HeaderBytes, icmpv6Types } from "./types.ts";

export type Icmpv6Message =
  | {
      readonly kind: "echo-request" | "echo-reply";
      readonly identifier: number;
      readonly sequence: number;
      /** A view. */
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: "error";
      readonly type: number;
      readonly code: number;
      /** MTU or pointer, as the type says. */
      readonly parameter: number;
      /** As much of the offending packet as came along; a view. */
      readonly quote: Uint8Array;
    }
  | { readonly kind: "other"; readonly type: number; readonly code: number; readonly body: Uint8Array };

export type Icmpv6Fault = "not-icmpv6" | "checksum-wrong";

/** Reads the ICMPv6 message of an IPv6 packet, past extension headers; the checksum must be right. */
export function decodeIcmpv6(packet: Uint8Array): Decoded<Icmpv6Message, Icmpv6Fault> {
  const at = findIcmpv6(packet, 0, packet.length);
  if (at < 0) return malformed("not-icmpv6", 0);
  if (!checksumIsRight(packet, 0, packet.length)) return malformed("checksum-wrong", at + icmpv6At.checksum);
  const message = packet.subarray(at, ipv6PacketBytes(packet, 0));
  const byte = (offset: number): number => message[offset] ?? 0;
  const word = (offset: number): number => byte(offset) * 0x100 + byte(offset + 1);
  const type = byte(icmpv6At.type);
  const code = byte(icmpv6At.code);
  const rest = message.subarray(icmpv6HeaderBytes);
  if ((type === icmpv6Types.echoRequest || type === icmpv6Types.echoReply) && code === 0) {
    const kind = type === icmpv6Types.echoRequest ? "echo-request" : "echo-reply";
    return success({ kind, identifier: word(icmpv6At.identifier), sequence: word(icmpv6At.sequence), payload: rest });
  }
  // RFC 4443 section 2.1: the upper bit of the type tells errors from the rest.
  if (type < 128) {
    const parameter = word(icmpv6At.parameter) * 0x10000 + word(icmpv6At.parameter + 2);
    return success({ kind: "error", type, code, parameter, quote: rest });
  }
  return success({ kind: "other", type, code, body: message.subarray(icmpv6At.parameter) });
}
