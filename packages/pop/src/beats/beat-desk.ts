import { isIpv4Endpoint, wallSec, type Ipv4Address, type MonotonicClock, type WallClock } from "@tombolo/base";
import type { DataPlane } from "@tombolo/dataplane";
import { acceptBeat, noBeats, type BeatMemory, type BeatRefusal, type BeatTunnel, type BeatVerdict, type Digest } from "@tombolo/protocols";
import { tunnelNumberOf } from "../reconcile/plane-tunnel.ts";
import type { DesiredState, DesiredTunnel } from "../state/desired.ts";
import { AddressIndex } from "./address-index.ts";
import { SourceBuckets } from "./source-buckets.ts";

export interface BeatDeskOptions {
  readonly md5: Digest;
  readonly wall: WallClock;
  readonly monotonic: MonotonicClock;
  readonly held: () => DesiredState | undefined;
  readonly plane: () => DataPlane | undefined;
  readonly onBeat: (beat: ReceivedBeat) => void;
}

/** What became of one datagram. */
export interface ReceivedBeat {
  /** Undefined when no tunnel is meant that we know. */
  readonly number: number | undefined;
  readonly source: Ipv4Address;
  readonly port: number;
  readonly bytes: Uint8Array;
  /** Undefined: taken. */
  readonly refusal: BeatRefusal | undefined;
}

interface HeldTunnel extends BeatTunnel {
  readonly number: number;
}

/** One beat a minute is the rule; behind one address there may be several clients. */
const hashesPerSec = 5;
const hashBurst = 20;
const sourcesMax = 65_536;

/** Judges what comes to the heartbeat port, tells the data plane where clients are, and never answers (heartbeat sheet, section 5). */
export class BeatDesk {
  readonly #options: BeatDeskOptions;
  readonly #index = new AddressIndex();
  readonly #buckets: SourceBuckets;
  /** Of heartbeat tunnels that ever beat; it outlives their being down. */
  readonly #memories = new Map<number, BeatMemory>();

  constructor(options: BeatDeskOptions) {
    this.#options = options;
    this.#buckets = new SourceBuckets({ clock: options.monotonic, perSec: hashesPerSec, burst: hashBurst, sourcesMax });
  }

  /** The desired state changed: in one tunnel, or "all". */
  stateChanged(id: string): void {
    const state = this.#options.held();
    if (state === undefined) return;
    if (id === "all") this.#index.rebuild(state);
    else this.#index.update(state, id);
  }

  forget(number: number): void {
    this.#memories.delete(number);
  }

  /** One datagram; `bytes` may be of any length and content. */
  take(bytes: Uint8Array, source: Ipv4Address, port: number): void {
    const state = this.#options.held();
    if (state === undefined) return;
    const verdict = this.#judge(state, bytes, source);
    if (verdict.kind === "accepted") {
      const { number } = verdict.tunnel;
      this.#memories.set(number, verdict.beats);
      this.#options.plane()?.propose(number, { ipv4: source, port: 0 }, wallSec(verdict.beat.timeSec));
    }
    const refusal = verdict.kind === "accepted" ? undefined : verdict.reason;
    this.#options.onBeat({ number: verdict.tunnel?.number, source, port, bytes, refusal });
  }

  #judge(state: DesiredState, bytes: Uint8Array, source: Ipv4Address): BeatVerdict<HeldTunnel> {
    return acceptBeat<HeldTunnel>(bytes, {
      source,
      nowSec: this.#options.wall.nowSec(),
      findTunnel: (address) => {
        const tunnel = this.#index.find(state, address);
        return tunnel && this.#heldTunnel(tunnel);
      },
      // A PoP that has a private address itself serves a private network.
      mayBeEndpoint: (candidate) => mayBeClient(candidate, state.pop.outerIpv4),
      mayHash: () => this.#buckets.take(source),
      md5: this.#options.md5,
    });
  }

  /** After a start the endpoint of the last run stands for the beats that were forgotten: a copy from elsewhere has to be proven. */
  #heldTunnel(tunnel: DesiredTunnel): HeldTunnel {
    const number = tunnelNumberOf(tunnel.id);
    const source = tunnel.lastEndpoint?.port === 0 ? tunnel.lastEndpoint.ipv4 : undefined;
    return {
      number,
      clientAddress: tunnel.clientAddress,
      enabled: tunnel.enabled,
      takesBeats: tunnel.encapsulation === "heartbeat",
      password: tunnel.secret,
      beats: this.#memories.get(number) ?? { ...noBeats, source },
    };
  }
}

/** Whether a client may be at `source`; private addresses only where the PoP has one itself. */
export function mayBeClient(source: Ipv4Address, own: Ipv4Address): boolean {
  if (!isIpv4Endpoint(source) || source.value === own.value) return false;
  return isPrivate(own) || !isPrivate(source);
}

/** RFC 1918, RFC 6598 and RFC 3927. */
function isPrivate({ value }: Ipv4Address): boolean {
  return (
    value >>> 24 === 10 ||
    value >>> 20 === 0xac1 ||
    value >>> 16 === 0xc0a8 ||
    value >>> 22 === 0x6440_0000 >>> 22 ||
    value >>> 16 === 0xa9fe
  );
}
