import {
  decodeLatin1,
  failure,
  formatIpv4,
  malformed,
  parseIpv4,
  parseIpv6,
  success,
  type Decoded,
  type Ipv4Address,
  type Ipv6Address,
  type Result,
} from "@tombolo/base";

/*
 * message = "HEARTBEAT TUNNEL" SP ipv6 SP sender SP time SP digest      ; one space each, nothing behind but CR and LF
 * ipv6    = the client's inner address, in any spelling
 * sender  = "sender" / dotted-quad
 * time    = decimal seconds since 1970 UTC
 * digest  = 32 lower-case hexadecimal digits
 */

export const heartbeatLimits = {
  port: 3740,
  messageBytes: 255,
  /** How far the two clocks may be apart, inclusive. */
  clockSkewSec: 120,
  /** Between two moves of one tunnel. */
  betweenMovesSec: 10,
  /** So many missed beats before a tunnel counts as down. */
  silentIntervals: 3,
} as const;

/** Our own address behind a NAT is of no use to the PoP, so clients say `sender`: take the datagram's source. */
export type BeatSender = "sender" | Ipv4Address;

export interface Beat {
  readonly address: Ipv6Address;
  /** As it was spelled: the digest covers the text. */
  readonly addressText: string;
  readonly sender: BeatSender;
  readonly timeSec: number;
  readonly digest: string;
}

/** Why bytes are not a beat, in the order in which a PoP looks. */
export type BeatFault =
  | "too-long"
  | "not-a-beat"
  | "address-malformed"
  | "sender-missing"
  | "sender-malformed"
  | "time-missing"
  | "time-malformed"
  | "digest-missing"
  | "digest-malformed";

const head = "HEARTBEAT TUNNEL ";

/** The four fields as text; a field that is not there is undefined. */
export interface BeatFields {
  readonly address: string;
  readonly sender: string | undefined;
  readonly time: string | undefined;
  /** The whole rest, so that whatever trails a digest spoils it. */
  readonly digest: string | undefined;
}

/** Cuts a datagram into its fields, without looking into them. */
export function splitBeat(bytes: Uint8Array): Result<BeatFields, "too-long" | "not-a-beat"> {
  if (bytes.length > heartbeatLimits.messageBytes) return failure("too-long");
  const text = decodeLatin1(bytes).replace(/[\r\n]+$/, "");
  if (!text.startsWith(head)) return failure("not-a-beat");
  const [address = "", sender, time, ...rest] = text.slice(head.length).split(" ");
  return success({ address, sender, time, digest: rest.length === 0 ? undefined : rest.join(" ") });
}

export function readBeatSender(text: string | undefined): Result<BeatSender, "sender-missing" | "sender-malformed"> {
  if (text === undefined) return failure("sender-missing");
  if (text === "sender") return success(text);
  const address = parseIpv4(text);
  return address.ok ? address : failure("sender-malformed");
}

/** Leading zeros are taken, as sixxsd's atoll does, and the digest is over the plain number. */
export function readBeatTime(text: string | undefined): Result<number, "time-missing" | "time-malformed"> {
  if (text === undefined) return failure("time-missing");
  return /^\d{1,15}$/.test(text) ? success(Number(text)) : failure("time-malformed");
}

/** An exact string: upper-case digits or anything behind them fail. */
export function readBeatDigest(text: string | undefined): Result<string, "digest-missing" | "digest-malformed"> {
  if (text === undefined) return failure("digest-missing");
  return /^[0-9a-f]{32}$/.test(text) ? success(text) : failure("digest-malformed");
}

/** Reads the shape alone: who sent it, when, and with what password is `acceptBeat`'s. */
export function decodeBeat(bytes: Uint8Array): Decoded<Beat, BeatFault> {
  const split = splitBeat(bytes);
  if (!split.ok) return malformed(split.reason, split.reason === "too-long" ? heartbeatLimits.messageBytes : 0);
  const fields = split.value;
  const addressAt = head.length;
  const address = parseIpv6(fields.address);
  if (!address.ok) return malformed("address-malformed", addressAt);
  const senderAt = addressAt + fields.address.length + 1;
  const sender = readBeatSender(fields.sender);
  if (!sender.ok) return malformed(sender.reason, Math.min(senderAt, bytes.length));
  const timeAt = senderAt + (fields.sender ?? "").length + 1;
  const timeSec = readBeatTime(fields.time);
  if (!timeSec.ok) return malformed(timeSec.reason, Math.min(timeAt, bytes.length));
  const digest = readBeatDigest(fields.digest);
  if (!digest.ok) return malformed(digest.reason, Math.min(timeAt + (fields.time ?? "").length + 1, bytes.length));
  return success({
    address: address.value,
    addressText: fields.address,
    sender: sender.value,
    timeSec: timeSec.value,
    digest: digest.value,
  });
}

/** The message as far as the digest, with the space before it. */
export function formatBeatHead(beat: Pick<Beat, "addressText" | "sender" | "timeSec">): string {
  const sender = beat.sender === "sender" ? beat.sender : formatIpv4(beat.sender);
  return `${head}${beat.addressText} ${sender} ${beat.timeSec.toFixed(0)} `;
}
