import {
  icmpv6Types,
  ipv6At,
  ipv6HeaderBytes,
  makeUpperLayer,
  neighbourTypes,
  nextHeaders,
  timeExceededCodes,
  unreachableCodes,
  walkExtensions,
} from "@tombolo/protocols";
import type { Answers } from "./answers.ts";
import type { Pinger } from "./pinger.ts";
import type { Prover } from "./prover.ts";
import { carry, reasonOf, taken, type EngineState } from "./state.ts";

/**
 * The rules for a packet that came out of a tunnel (AYIYA sheet section 8, protocol 41 sheet section 3): length, addresses, source within
 * the tunnel's prefixes, then what the PoP answers itself. Neighbours of one batch mostly share their addresses, so the last
 * answer is remembered per batch.
 */
export class InnerRules {
  /** After `check` answered `carry`: the packet's own length, without what a sender put behind it. */
  length = 0;
  readonly #state: EngineState;
  readonly #answers: Answers;
  readonly #prover: Prover;
  readonly #pinger: Pinger;
  readonly #view: DataView;
  readonly #source = new Int32Array(5);
  readonly #destination = new Int32Array(5);
  readonly #walk = makeUpperLayer();
  #destinationVerdict = carry;

  constructor(state: EngineState, parts: { answers: Answers; prover: Prover; pinger: Pinger }) {
    this.#state = state;
    this.#answers = parts.answers;
    this.#prover = parts.prover;
    this.#pinger = parts.pinger;
    const { netData } = state.io;
    this.#view = new DataView(netData.buffer, netData.byteOffset, netData.length);
  }

  /** Forgets what was remembered; the table may have changed between batches. */
  begin(): void {
    this.#source[4] = -1;
    this.#destination[4] = -1;
  }

  /** `carry`, `taken` (answered or used up here), or the reason to drop. The answers' outer source is the packet's. */
  check(slot: number, at: number, available: number): number {
    const data = this.#state.io.netData;
    if (available < ipv6HeaderBytes) return reasonOf.short;
    if ((data[at] ?? 0) >> 4 !== 6) return reasonOf.notIpv6;
    this.length = ipv6HeaderBytes + (((data[at + ipv6At.payloadLength] ?? 0) << 8) | (data[at + ipv6At.payloadLength + 1] ?? 0));
    if (this.length > available) return reasonOf.innerLength;
    const bad = this.#checkSource(slot, at + ipv6At.source);
    if (bad !== carry) return bad;
    const destination = this.#checkDestination(slot, at + ipv6At.destination);
    if (destination === carry) return this.#route(slot, at);
    if (destination === taken) return this.#local(slot, at);
    if (destination === reasonOf.noHost) this.#refuse(slot, at, icmpv6Types.destinationUnreachable, unreachableCodes.noRoute);
    return destination;
  }

  #checkSource(slot: number, at: number): number {
    const view = this.#view;
    const a = view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    const last = this.#source;
    if (last[4] === slot && last[0] === a && last[1] === b && last[2] === c && last[3] === d) return carry;
    const scope = unusable(a, b, c);
    if (scope !== carry) return scope === reasonOf.bogusDestination || (a & 0xff) === 0xff ? reasonOf.bogusSource : scope;
    const { table } = this.#state;
    if (!table.isRemote(slot, a, b, c, d)) {
      if (table.findByAddress(a, b, c, d) !== slot || table.foundLink) return reasonOf.wrongSource;
    }
    last[0] = a;
    last[1] = b;
    last[2] = c;
    last[3] = d;
    last[4] = slot;
    return carry;
  }

  /** `taken` stands for: it is for our own inner address. */
  #checkDestination(slot: number, at: number): number {
    const view = this.#view;
    const a = view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    const last = this.#destination;
    if (last[4] === slot && last[0] === a && last[1] === b && last[2] === c && last[3] === d) return this.#destinationVerdict;
    const { table, role } = this.#state;
    let verdict = unusable(a, b, c);
    if (verdict === carry && role === "pop") {
      if (table.isLocal(slot, a, b, c, d)) verdict = taken;
      else if (table.findByAddress(a, b, c, d) === slot) {
        verdict = table.foundLink && !table.isRemote(slot, a, b, c, d) ? reasonOf.noHost : reasonOf.sameInterface;
      }
    } else if (verdict === carry && table.isLocal(slot, a, b, c, d)) {
      verdict = taken;
    }
    last[0] = a;
    last[1] = b;
    last[2] = c;
    last[3] = d;
    last[4] = slot;
    this.#destinationVerdict = verdict;
    return verdict;
  }

  /** On its way through us to the Internet or another tunnel; our kernel is the same hop and counts the hop limit down. */
  #route(slot: number, at: number): number {
    if (this.#state.role === "client") return carry;
    const data = this.#state.io.netData;
    if ((data[at + ipv6At.hopLimit] ?? 0) <= 1) {
      this.#refuse(slot, at, icmpv6Types.timeExceeded, timeExceededCodes.hopLimit);
      return reasonOf.hopLimit;
    }
    if (this.#hasRoutingType0(at)) {
      this.#refuse(slot, at, icmpv6Types.destinationUnreachable, unreachableCodes.prohibited);
      return reasonOf.routingHeader;
    }
    return carry;
  }

  /** RFC 5095: routing headers of type 0 are dead; they would let one packet bounce between tunnels. */
  #hasRoutingType0(at: number): boolean {
    const data = this.#state.io.netData;
    switch (data[at + ipv6At.nextHeader]) {
      case nextHeaders.routing:
      case nextHeaders.hopByHop:
      case nextHeaders.destinationOptions:
        walkExtensions(data, at, this.#walk);
        return this.#walk.routingType0;
      default:
        return false;
    }
  }

  /** For our inner address: at a PoP no kernel has it, so echo is answered here; at a client the kernel has it, but our own checks end here. */
  #local(slot: number, at: number): number {
    const data = this.#state.io.netData;
    const isIcmp = data[at + ipv6At.nextHeader] === nextHeaders.icmpv6 && this.length >= ipv6HeaderBytes + 8;
    const type = isIcmp ? (data[at + ipv6HeaderBytes] ?? 0) : -1;
    if (type === icmpv6Types.echoReply && this.#isAsked(slot, at)) return taken;
    if (this.#state.role === "client") return carry;
    if (type === icmpv6Types.echoReply) return reasonOf.unaskedReply;
    if (type === icmpv6Types.echoRequest) return this.#answers.echo("network", slot, data, at, this.length);
    if (type === neighbourTypes.neighbourSolicitation) return this.#answers.neighbour(slot, data, at, this.length);
    if (!isIcmp) this.#refuse(slot, at, icmpv6Types.destinationUnreachable, unreachableCodes.port);
    return reasonOf.localPort;
  }

  #isAsked(slot: number, at: number): boolean {
    const { sourceIp, sourcePort, sourceIsEndpoint } = this.#answers;
    const data = this.#state.io.netData;
    if (sourceIsEndpoint && this.#pinger.replied(slot, data, at, this.length)) return true;
    return this.#prover.replied(slot, data, at, this.length, sourceIp, sourcePort);
  }

  #refuse(slot: number, at: number, type: number, code: number): void {
    this.#answers.error("network", { slot, data: this.#state.io.netData, at, length: this.length, type, code, parameter: 0 });
  }
}

const linkLocalMask = 0xc0ff;
const linkLocalBits = 0x80fe;

/**
 * Whether an address (its first three words as in table/words.ts) can never be the destination of a routed packet:
 * `carry` when it can, else the drop reason.
 */
export function unusable(a: number, b: number, c: number): number {
  // fe80::/10 and ff00::/8; the address's first bytes are the low ones of the first word.
  if ((a & linkLocalMask) === linkLocalBits || (a & 0xff) === 0xff) return reasonOf.linkLocal;
  // ::, ::1, ::/96 and ::ffff:0:0/96 (RFC 4213 section 5).
  return a === 0 && b === 0 && (c === 0 || c === -65_536) ? reasonOf.bogusDestination : carry;
}
