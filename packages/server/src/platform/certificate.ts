import { generateKeyPair, sign } from "node:crypto";
import { promisify } from "node:util";
import type { Random, WallSec } from "@tombolo/base";

/*
 * A self-signed X.509 certificate (RFC 5280) in DER (X.690), because the platform reads certificates but makes none:
 *
 *   Certificate    = SEQUENCE { TBSCertificate, algorithm, BIT STRING signature }
 *   TBSCertificate = SEQUENCE { [0] version 3, serial, algorithm, issuer, validity, subject, public key, [3] extensions }
 *
 * RSA, since clients of 2007 know nothing of elliptic curves.
 */

const tags = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  nothing: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const oids = {
  sha256WithRsa: [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
} as const;

/** GeneralName's choice of a DNS name, and the two explicit tags of TBSCertificate. */
const dnsNameTag = 0x82;
const versionTag = 0xa0;
const extensionsTag = 0xa3;

const validSec = 20 * 365 * 86_400;
/** Clients whose clock is behind must not find it "not yet valid". */
const leewaySec = 86_400;
const commonNameMax = 64;

export interface CertificatePair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A new RSA key and a certificate for `name`, a host name of letters, digits, dots and dashes, signed with it; for twenty years. */
export async function makeCertificate(name: string, nowSec: WallSec, random: Random): Promise<CertificatePair> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const algorithm = der(tags.sequence, der(tags.oid, oids.sha256WithRsa), der(tags.nothing));
  const called = der(tags.set, der(tags.sequence, der(tags.oid, oids.commonName), der(tags.utf8, ascii(name.slice(0, commonNameMax)))));
  const subject = der(tags.sequence, called);
  const names = der(tags.sequence, der(dnsNameTag, ascii(name)));
  const body = der(
    tags.sequence,
    der(versionTag, der(tags.integer, [2])),
    // 127 bits and a first byte below 0x80: positive, and never with a zero in front.
    der(tags.integer, [0x40 | ((random(1)[0] ?? 0) & 0x3f), ...random(15)]),
    algorithm,
    subject,
    der(tags.sequence, timeOf(nowSec - leewaySec), timeOf(nowSec + validSec)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(extensionsTag, der(tags.sequence, der(tags.sequence, der(tags.oid, oids.subjectAltName), der(tags.octets, names)))),
  );
  const certificate = der(tags.sequence, body, algorithm, der(tags.bits, [0], sign("sha256", body, privateKey)));
  return { certificatePem: pemOf(certificate), keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** Tag, length (one byte below 128, else its count of bytes and the bytes), contents. */
function der(tag: number, ...parts: readonly (readonly number[] | Uint8Array)[]): Buffer {
  const contents = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const { length } = contents;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...head), contents]);
}

/** `20260101000000Z`, without the century up to 2049 (RFC 5280 section 4.1.2.5). */
function timeOf(sec: number): Buffer {
  const text = new Date(sec * 1000).toISOString().replace(/\.\d+|[-:T]/g, "");
  return text < "2050" ? der(tags.utcTime, ascii(text.slice(2))) : der(tags.generalizedTime, ascii(text));
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, "ascii");
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
