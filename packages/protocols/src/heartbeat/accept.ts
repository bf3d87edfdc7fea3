import { equalIpv6, parseIpv6, type Ipv4Address, type Ipv6Address, type WallSec } from "@tombolo/base";
import type { Digest } from "../digest/digest.ts";
import { heartbeatLimits, readBeatDigest, readBeatSender, readBeatTime, splitBeat, type Beat, type BeatFields } from "./codec.ts";
import { beatDigestIsRight } from "./sign.ts";

/** Everything that a beat can be refused for, in the order of the checks. */
export const beatRefusals = [
  "too-long",
  "not-a-beat",
  "address-malformed",
  "tunnel-unknown",
  "tunnel-disabled",
  "tunnel-not-heartbeat",
  /** No client can be there: a private, loopback or multicast address, or one of the PoP's own. */
  "source-refused",
  "sender-missing",
  "sender-malformed",
  "sender-mismatch",
  "time-missing",
  "time-malformed",
  "clock-off",
  "digest-missing",
  "digest-malformed",
  /** This source has made the PoP hash too much. */
  "source-throttled",
  "digest-wrong",
  /** A time that was accepted before, from another address: a copy. */
  "replayed",
  /** From another address, and older than what was accepted before. */
  "move-stale",
  "move-too-soon",
] as const;

export type BeatRefusal = (typeof beatRefusals)[number];

/** What a PoP remembers of a tunnel's beats. It outlives the tunnel's being down: that is when a copy would do most harm. */
export interface BeatMemory {
  /** Where the last accepted beat came from. */
  readonly source: Ipv4Address | undefined;
  /** The newest time accepted. */
  readonly timeSec: number;
  readonly movedAtSec: number | undefined;
}

export const noBeats: BeatMemory = { source: undefined, timeSec: -1, movedAtSec: undefined };

export interface BeatTunnel {
  /** ::2; all sixteen bytes count. */
  readonly clientAddress: Ipv6Address;
  readonly enabled: boolean;
  /** Its type is heartbeat. */
  readonly takesBeats: boolean;
  /** TIC's `Password`. */
  readonly password: string;
  readonly beats: BeatMemory;
}

export interface BeatArrival<Tunnel extends BeatTunnel> {
  /** The datagram's source. */
  readonly source: Ipv4Address;
  readonly nowSec: WallSec;
  /** May go by the upper half of the address; the whole of it is compared here. */
  readonly findTunnel: (address: Ipv6Address) => Tunnel | undefined;
  /** Whether a client may be there at all. */
  readonly mayBeEndpoint: (source: Ipv4Address) => boolean;
  /** Asked once, right before the hash: the place for a token bucket of the source. */
  readonly mayHash: () => boolean;
  readonly md5: Digest;
}

export type BeatVerdict<Tunnel extends BeatTunnel> =
  | {
      readonly kind: "accepted";
      readonly tunnel: Tunnel;
      readonly beat: Beat;
      /** From another address than the last one: a candidate that has to be proven before traffic follows it. */
      readonly moves: boolean;
      /** To be kept in the tunnel. */
      readonly beats: BeatMemory;
    }
  | {
      readonly kind: "refused";
      readonly reason: BeatRefusal;
      /** Known from "tunnel-disabled" on. */
      readonly tunnel: Tunnel | undefined;
      /** False: anybody may have sent it in the tunnel's name. */
      readonly verified: boolean;
      /** Theirs minus ours, with "clock-off". */
      readonly skewSec?: number;
    };

/**
 * What a PoP makes of one datagram at port 3740 (fact sheet, section 5): cheap checks before costly ones, the digest last, and
 * no answer whatever comes out. Nothing is kept here; an accepted beat brings the memory to keep.
 */
export function acceptBeat<Tunnel extends BeatTunnel>(bytes: Uint8Array, by: BeatArrival<Tunnel>): BeatVerdict<Tunnel> {
  const fields = splitBeat(bytes);
  if (!fields.ok) return refuse<Tunnel>(fields.reason, undefined);
  const address = parseIpv6(fields.value.address);
  if (!address.ok) return refuse<Tunnel>("address-malformed", undefined);
  const tunnel = by.findTunnel(address.value);
  if (tunnel === undefined || !equalIpv6(tunnel.clientAddress, address.value)) return refuse<Tunnel>("tunnel-unknown", undefined);
  if (!tunnel.enabled) return refuse("tunnel-disabled", tunnel);
  if (!tunnel.takesBeats) return refuse("tunnel-not-heartbeat", tunnel);
  if (!by.mayBeEndpoint(by.source)) return refuse("source-refused", tunnel);
  const read = readBeat(fields.value, address.value, by);
  if (typeof read === "string") return refuse(read, tunnel);
  if ("skewSec" in read) return { ...refuse("clock-off", tunnel), skewSec: read.skewSec };
  if (!by.mayHash()) return refuse("source-throttled", tunnel);
  if (!beatDigestIsRight(read, tunnel.password, by.md5)) return refuse("digest-wrong", tunnel);
  return place(tunnel, read, by);
}

type Refused<Tunnel extends BeatTunnel> = Extract<BeatVerdict<Tunnel>, { readonly kind: "refused" }>;

function refuse<Tunnel extends BeatTunnel>(reason: BeatRefusal, tunnel: Tunnel | undefined, verified = false): Refused<Tunnel> {
  return { kind: "refused", reason, tunnel, verified };
}

/** Sender, time and digest, each looked at only when the one before it is right. */
function readBeat(
  fields: BeatFields,
  address: Ipv6Address,
  by: { readonly source: Ipv4Address; readonly nowSec: WallSec },
): Beat | BeatRefusal | { readonly skewSec: number } {
  const sender = readBeatSender(fields.sender);
  if (!sender.ok) return sender.reason;
  if (sender.value !== "sender" && sender.value.value !== by.source.value) return "sender-mismatch";
  const timeSec = readBeatTime(fields.time);
  if (!timeSec.ok) return timeSec.reason;
  const skewSec = timeSec.value - by.nowSec;
  if (Math.abs(skewSec) > heartbeatLimits.clockSkewSec) return { skewSec };
  const digest = readBeatDigest(fields.digest);
  if (!digest.ok) return digest.reason;
  return { address, addressText: fields.address, sender: sender.value, timeSec: timeSec.value, digest: digest.value };
}

/** `sender` leaves the source outside the digest, so only a beat newer than all before may come from somewhere new. */
function place<Tunnel extends BeatTunnel>(
  tunnel: Tunnel,
  beat: Beat,
  by: { readonly source: Ipv4Address; readonly nowSec: WallSec },
): BeatVerdict<Tunnel> {
  const { source, timeSec, movedAtSec } = tunnel.beats;
  // aiccu starts with two beats that are often the same to the byte: from where the last one came they are no replay.
  if (source?.value === by.source.value) {
    const beats = { ...tunnel.beats, timeSec: Math.max(timeSec, beat.timeSec) };
    return { kind: "accepted", tunnel, beat, moves: false, beats };
  }
  if (beat.timeSec === timeSec) return refuse("replayed", tunnel, true);
  if (beat.timeSec < timeSec) return refuse("move-stale", tunnel, true);
  // The difference may be negative when the PoP's clock was set back.
  const isSoon = movedAtSec !== undefined && Math.abs(by.nowSec - movedAtSec) < heartbeatLimits.betweenMovesSec;
  if (isSoon) return refuse("move-too-soon", tunnel, true);
  return { kind: "accepted", tunnel, beat, moves: true, beats: { source: by.source, timeSec: beat.timeSec, movedAtSec: by.nowSec } };
}
