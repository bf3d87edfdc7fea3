import { createHash } from "node:crypto";
import { encodeLatin1, type Ipv6Address } from "@tombolo/base";
import {
  ayiyaOpcodes,
  decodeAyiya,
  deriveAyiyaKey,
  nextHeaders,
  sealAyiya,
  signatureIsRight,
  signAyiya,
  type AyiyaOpcode,
  type AyiyaPacket,
} from "@tombolo/protocols";

function sha1(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(bytes).digest());
}

/** The far end of an AYIYA tunnel, made of the codec alone: it shares no code with the data plane. */
export class AyiyaEnd {
  readonly secret: string;
  readonly #identity: Ipv6Address;
  readonly #key: Uint8Array;
  readonly #nowSec: () => number;

  constructor(options: { readonly secret: string; readonly identity: Ipv6Address; readonly nowSec: () => number }) {
    this.secret = options.secret;
    this.#identity = options.identity;
    this.#key = deriveAyiyaKey(options.secret, sha1);
    this.#nowSec = options.nowSec;
  }

  /** As the table takes it. */
  get secretBytes(): Uint8Array {
    return encodeLatin1(this.secret);
  }

  forward(inner: Uint8Array, wish: { readonly epochSec?: number; readonly opcode?: AyiyaOpcode } = {}): Uint8Array {
    return this.#seal({ opcode: wish.opcode ?? ayiyaOpcodes.forward, nextHeader: nextHeaders.ipv6, payload: inner }, wish.epochSec);
  }

  beat(epochSec?: number): Uint8Array {
    return this.#seal({ opcode: ayiyaOpcodes.noop, nextHeader: nextHeaders.none, payload: new Uint8Array(0) }, epochSec);
  }

  /** What came from the other end, when its signature is right. */
  open(datagram: Uint8Array): AyiyaPacket | undefined {
    const decoded = decodeAyiya(datagram);
    return decoded.ok && signatureIsRight(datagram, this.#key, sha1) ? decoded.value : undefined;
  }

  /** The same packet with a right signature, after a test has changed it. */
  sign(packet: Uint8Array): Uint8Array {
    const signed = packet.slice();
    signAyiya(signed, this.#key, sha1);
    return signed;
  }

  #seal(packet: Pick<AyiyaPacket, "opcode" | "nextHeader" | "payload">, epochSec: number | undefined): Uint8Array {
    return sealAyiya({ ...packet, epochSec: epochSec ?? this.#nowSec(), identity: this.#identity }, this.#key, sha1);
  }
}
