import { decodeIpv6, encodeIpv6, malformed, success, type Decoded, type Ipv6Address } from "@tombolo/base";
import {
  ayiyaAt,
  ayiyaHeaderBytes,
  ayiyaLengths,
  ayiyaMethods,
  ayiyaOpcodes,
  ayiyaSharedSecret,
  ayiyaSignatureBytes,
  type AyiyaOpcode,
} from "./header.ts";

export interface AyiyaPacket {
  readonly opcode: AyiyaOpcode;
  readonly nextHeader: number;
  /** Seconds since 1970, unsigned 32 bits. */
  readonly epochSec: number;
  /** The sender's inner address. */
  readonly identity: Ipv6Address;
  /** Twenty bytes. */
  readonly signature: Uint8Array;
  readonly payload: Uint8Array;
}

/** Why bytes are not an AYIYA packet of the shape in use; nothing here looks at who sent it or when. */
export type AyiyaFault = "header-too-short" | "identity-not-ipv6" | "signature-not-sha1" | "auth-not-shared-secret" | "opcode-unknown";

/** Checks the shape of the header in place, without allocating. */
export function findAyiyaFault(packet: Uint8Array, at: number, length: number): AyiyaFault | undefined {
  if (length < ayiyaHeaderBytes || at < 0 || at + length > packet.length) return "header-too-short";
  if (packet[at + ayiyaAt.lengths] !== ayiyaLengths) return "identity-not-ipv6";
  if (packet[at + ayiyaAt.methods] !== ayiyaMethods) return "signature-not-sha1";
  const operation = packet[at + ayiyaAt.operation] ?? 0;
  if ((operation & 0xf0) !== ayiyaSharedSecret) return "auth-not-shared-secret";
  return (operation & 0x0f) > ayiyaOpcodes.queryResponse ? "opcode-unknown" : undefined;
}

/** Signature and payload are views of `packet`. */
export function decodeAyiya(packet: Uint8Array): Decoded<AyiyaPacket, AyiyaFault> {
  const fault = findAyiyaFault(packet, 0, packet.length);
  if (fault !== undefined) return malformed(fault, faultAt(fault, packet.length));
  return success({
    opcode: ((packet[ayiyaAt.operation] ?? 0) & 0x0f) as AyiyaOpcode,
    nextHeader: packet[ayiyaAt.nextHeader] ?? 0,
    epochSec: ayiyaEpochSec(packet, 0),
    identity: decodeIpv6(packet.subarray(ayiyaAt.identity)),
    signature: packet.subarray(ayiyaAt.signature, ayiyaAt.payload),
    payload: packet.subarray(ayiyaAt.payload),
  });
}

/** The EpochTime field of the packet at `at`, whose shape was checked. */
export function ayiyaEpochSec(packet: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 4; i += 1) value = value * 0x100 + (packet[at + ayiyaAt.epoch + i] ?? 0);
  return value;
}

function faultAt(fault: AyiyaFault, length: number): number {
  switch (fault) {
    case "header-too-short":
      return length;
    case "identity-not-ipv6":
      return ayiyaAt.lengths;
    case "signature-not-sha1":
      return ayiyaAt.methods;
    default:
      return ayiyaAt.operation;
  }
}

/** The signature field is zero when none is given: `signAyiya` fills it. */
export function encodeAyiya(packet: Omit<AyiyaPacket, "signature"> & { readonly signature?: Uint8Array }): Uint8Array {
  const out = new Uint8Array(ayiyaHeaderBytes + packet.payload.length);
  encodeAyiyaHeaderInto(out, 0, { ...packet, identity: encodeIpv6(packet.identity) });
  if (packet.signature !== undefined) out.set(packet.signature.subarray(0, ayiyaSignatureBytes), ayiyaAt.signature);
  out.set(packet.payload, ayiyaAt.payload);
  return out;
}

/** Writes the 24 bytes before the signature; `identity` is sixteen bytes. */
export function encodeAyiyaHeaderInto(
  out: Uint8Array,
  at: number,
  header: {
    readonly opcode: number;
    readonly nextHeader: number;
    readonly epochSec: number;
    readonly identity: Uint8Array;
  },
): void {
  out[at + ayiyaAt.lengths] = ayiyaLengths;
  out[at + ayiyaAt.methods] = ayiyaMethods;
  out[at + ayiyaAt.operation] = ayiyaSharedSecret | header.opcode;
  out[at + ayiyaAt.nextHeader] = header.nextHeader;
  out[at + ayiyaAt.epoch] = header.epochSec >>> 24;
  out[at + ayiyaAt.epoch + 1] = header.epochSec >>> 16;
  out[at + ayiyaAt.epoch + 2] = header.epochSec >>> 8;
  out[at + ayiyaAt.epoch + 3] = header.epochSec;
  for (let i = 0; i < 16; i += 1) out[at + ayiyaAt.identity + i] = header.identity[i] ?? 0;
}
