import { formatPrefix, type Ipv6Prefix } from "@tombolo/base";
import { encapsulations, slotAt, slotBytes, slotFlags } from "../native/layout.ts";
import type { PlaneEndpoint, PlaneTunnel } from "../plane/plane.ts";
import { HeldPrefixes } from "./held-prefixes.ts";
import { IdentityIndex } from "./identity-index.ts";
import type { TableMemory } from "./memory.ts";
import { PrefixIndex } from "./prefix-index.ts";
import { isWithin, writeAddressWords } from "./words.ts";

export interface TableWriterOptions {
  readonly role: "pop" | "client";
  /** SHA-1; AYIYA's key is the digest of the secret (sheet section 4). */
  readonly digest: (bytes: Uint8Array) => Uint8Array;
  /** Which socket of a worker carries an encapsulation. */
  readonly socketOf: (encapsulation: PlaneTunnel["encapsulation"]) => number;
}

const slotWords = slotBytes / 4;
const budgetWord = slotAt.budgetBytes / 4;
/** This many freed slots are left alone while fresh ones are to be had; more would touch memory for nothing. */
const restingSlots = 256;

/** The one writer of the tunnel table. */
export class TableWriter {
  readonly #words: Int32Array;
  readonly #identities: IdentityIndex;
  readonly #prefixes: PrefixIndex;
  readonly #slots = new Map<number, number>();
  readonly #held: HeldPrefixes;
  /** Oldest first: a slot that was just freed rests, so that a packet on its way by it does not meet another tunnel. */
  #freed: number[] = [];
  #freedAt = 0;
  readonly #options: TableWriterOptions;
  readonly #capacity: number;
  /** The next state of a slot, made here so that the lock is held for copying it and no longer. */
  readonly #draft = new Int32Array(slotWords);
  readonly #draftBytes = new Uint8Array(this.#draft.buffer);
  readonly #key = new Int32Array(4);
  #next = 0;

  constructor(memory: TableMemory, options: TableWriterOptions) {
    this.#words = new Int32Array(memory.slots);
    this.#identities = new IdentityIndex(memory);
    this.#prefixes = new PrefixIndex(memory);
    this.#held = new HeldPrefixes(memory.capacity);
    this.#options = options;
    this.#capacity = memory.capacity;
  }

  get size(): number {
    return this.#slots.size;
  }

  ids(): IterableIterator<number> {
    return this.#slots.keys();
  }

  /** The slot of a tunnel's id, or -1. */
  slotOf(id: number): number {
    return this.#slots.get(id) ?? -1;
  }

  /** Adds or changes in place; a change keeps the endpoint unless the tunnel brings one of its own that is fixed. */
  set(tunnel: PlaneTunnel): "set" | "full" {
    const before = this.#slots.get(tunnel.id);
    if (!this.#prefixes.hasRoom(tunnel.prefixes.length)) return "full";
    const slot = before ?? this.#takeSlot();
    if (slot < 0) return "full";
    const isNew = before === undefined;
    // The index finds a slot by the address in it, so the old address must leave the index before it leaves the slot.
    const remoteMoves = !isNew && !this.#hasRemote(slot, tunnel);
    if (remoteMoves) this.#identities.remove(slot);
    this.#draftFields(slot, tunnel, !isNew);
    this.#publish(slot);
    if (isNew || remoteMoves) this.#identities.insert(slot);
    this.#changePrefixes(slot, tunnel);
    this.#slots.set(tunnel.id, slot);
    return "set";
  }

  remove(id: number): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    for (const prefix of this.#held.list(slot)) this.#prefixes.remove(prefix, slot);
    this.#held.replace(slot, []);
    this.#identities.remove(slot);
    this.#draft.fill(0);
    this.#publish(slot);
    this.#store(slot, slotAt.budgetBytes, 0);
    this.#slots.delete(id);
    this.#freed.push(slot);
  }

  /** Where the far end is from now on. `epochSec` is the EpochTime that moved it; `budgetBytes` limits an unproven one. */
  setEndpoint(slot: number, endpoint: PlaneEndpoint, move: { proven: boolean; epochSec: number; budgetBytes: number }): void {
    this.#draftFrom(slot);
    this.#putEndpoint(endpoint);
    this.#put(slotAt.moveEpochSec, move.epochSec);
    const flags = this.#get(slot, slotAt.flags) | slotFlags.hasEndpoint;
    this.#put(slotAt.flags, move.proven ? flags | slotFlags.proven : flags & ~slotFlags.proven);
    this.#store(slot, slotAt.budgetBytes, move.budgetBytes);
    this.#publish(slot);
  }

  /** The far end is nowhere; its last place stays written, so that packets from there are known. */
  clearEndpoint(slot: number): void {
    this.#draftFrom(slot);
    this.#put(slotAt.flags, this.#get(slot, slotAt.flags) & ~(slotFlags.hasEndpoint | slotFlags.proven));
    this.#publish(slot);
  }

  /** One word of a slot by its place in `slotAt`. */
  word(slot: number, at: number): number {
    return this.#get(slot, at);
  }

  isAyiya(slot: number): boolean {
    return this.#get(slot, slotAt.encapsulation) === encapsulations.ayiya;
  }

  /** Adds to what may be sent to an unproven endpoint. */
  addBudget(slot: number, bytes: number): void {
    Atomics.add(this.#words, (slot * slotBytes + slotAt.budgetBytes) / 4, bytes);
  }

  readEndpoint(slot: number): { endpoint: PlaneEndpoint | undefined; proven: boolean } {
    const flags = this.#get(slot, slotAt.flags);
    const endpoint: PlaneEndpoint = {
      ipv4: { family: 4, value: this.#get(slot, slotAt.endpointIp) >>> 0 },
      port: this.#get(slot, slotAt.endpointPort),
    };
    return { endpoint: (flags & slotFlags.hasEndpoint) === 0 ? undefined : endpoint, proven: (flags & slotFlags.proven) !== 0 };
  }

  /** Whether that place stands in the slot, alive or not. */
  #isAt(slot: number, endpoint: PlaneEndpoint | undefined): boolean {
    if (endpoint === undefined) return false;
    return this.#get(slot, slotAt.endpointIp) >>> 0 === endpoint.ipv4.value && this.#get(slot, slotAt.endpointPort) === endpoint.port;
  }

  #hasRemote(slot: number, tunnel: PlaneTunnel): boolean {
    writeAddressWords(this.#key, 0, tunnel.remoteAddress);
    return isWithin(this.#words, slot * slotWords + slotAt.remote / 4, this.#key, 128);
  }

  #draftFields(slot: number, tunnel: PlaneTunnel, existed: boolean): void {
    this.#draftFrom(slot);
    const before = existed ? this.#get(slot, slotAt.flags) : 0;
    const sameEncapsulation = existed && this.#get(slot, slotAt.encapsulation) === encapsulationOf(tunnel);
    let flags: number = slotFlags.used | (tunnel.enabled && hasItsSecret(tunnel) ? slotFlags.enabled : 0);
    if (this.#options.role === "pop") flags |= slotFlags.answersEcho;
    if (tunnel.endpointFixed) flags |= slotFlags.fixed;
    const keeps = sameEncapsulation && (before & slotFlags.fixed) === (flags & slotFlags.fixed) && !tunnel.endpointFixed;
    const mustAnswer = tunnel.endpointFixed && tunnel.proveFixed === true;
    if (keeps || (mustAnswer && sameEncapsulation && (before & slotFlags.fixed) !== 0 && this.#isAt(slot, tunnel.endpoint)))
      flags |= before & (slotFlags.hasEndpoint | slotFlags.proven);
    else if (tunnel.endpoint !== undefined && !mustAnswer) flags |= slotFlags.hasEndpoint | slotFlags.proven;
    if (!keeps) this.#putEndpoint(tunnel.endpoint ?? { ipv4: { family: 4, value: 0 }, port: 0 });
    this.#put(slotAt.flags, flags);
    this.#put(slotAt.encapsulation, encapsulationOf(tunnel));
    this.#put(slotAt.mtuBytes, tunnel.mtuBytes);
    this.#put(slotAt.socket, this.#options.socketOf(tunnel.encapsulation));
    this.#put(slotAt.id, tunnel.id);
    this.#put(slotAt.beatSec, tunnel.beatSec);
    writeAddressWords(this.#draft, slotAt.local / 4, tunnel.localAddress);
    writeAddressWords(this.#draft, slotAt.remote / 4, tunnel.remoteAddress);
    if (tunnel.secret === undefined) this.#draftBytes.fill(0, slotAt.key, slotAt.key + 20);
    else this.#draftBytes.set(this.#options.digest(tunnel.secret), slotAt.key);
  }

  #changePrefixes(slot: number, tunnel: PlaneTunnel): void {
    // The agent sets all its tunnels anew when it repairs; nearly always nothing has changed.
    if (!this.#held.equals(slot, tunnel.prefixes)) {
      this.#removeUnwanted(slot, tunnel.prefixes);
      this.#held.replace(slot, tunnel.prefixes);
    }
    const link = this.#options.role === "pop" ? this.#linkOf(tunnel) : undefined;
    for (const prefix of tunnel.prefixes) this.#prefixes.insert(prefix, slot, prefix === link);
  }

  #removeUnwanted(slot: number, prefixes: readonly Ipv6Prefix[]): void {
    const before = this.#held.list(slot);
    if (before.length === 0) return;
    const wanted = new Set(prefixes.map(formatPrefix));
    for (const prefix of before) if (!wanted.has(formatPrefix(prefix))) this.#prefixes.remove(prefix, slot);
  }

  /**
   * The longest prefix around both ends: the link, where nobody else lives. A shorter one around it is the site behind the
   * tunnel. At a client the prefix is ::/0, whose other addresses are the whole Internet, not strangers on the link.
   * Both ends stand in the draft.
   */
  #linkOf(tunnel: PlaneTunnel): Ipv6Prefix | undefined {
    let link: Ipv6Prefix | undefined;
    for (const prefix of tunnel.prefixes) {
      if (link !== undefined && prefix.lengthBits <= link.lengthBits) continue;
      writeAddressWords(this.#key, 0, prefix.address);
      const holds = (at: number): boolean => isWithin(this.#draft, at / 4, this.#key, prefix.lengthBits);
      if (holds(slotAt.remote) && holds(slotAt.local)) link = prefix;
    }
    return link;
  }

  #takeSlot(): number {
    const resting = this.#freed.length - this.#freedAt;
    if (this.#next < this.#capacity && resting <= restingSlots) return this.#next++;
    const freed = this.#freed[this.#freedAt];
    if (freed === undefined) return -1;
    this.#freedAt += 1;
    if (this.#freedAt * 2 > this.#freed.length) {
      this.#freed = this.#freed.slice(this.#freedAt);
      this.#freedAt = 0;
    }
    return freed;
  }

  #draftFrom(slot: number): void {
    const at = slot * slotWords;
    for (let i = 0; i < slotWords; i += 1) this.#draft[i] = this.#words[at + i] ?? 0;
  }

  /**
   * Copies the draft into the slot under its sequence lock: odd while words change, so that readers in other threads read
   * again. The budget is left out: workers take from it meanwhile.
   */
  #publish(slot: number): void {
    const words = this.#words;
    const draft = this.#draft;
    const at = slot * slotWords;
    Atomics.add(words, at, 1);
    for (let i = 1; i < slotWords; i += 1) if (i !== budgetWord) Atomics.store(words, at + i, draft[i] ?? 0);
    Atomics.add(words, at, 1);
  }

  #putEndpoint(endpoint: PlaneEndpoint): void {
    this.#put(slotAt.endpointIp, endpoint.ipv4.value);
    this.#put(slotAt.endpointPort, endpoint.port);
  }

  /** Into the draft. */
  #put(at: number, value: number): void {
    this.#draft[at / 4] = value;
  }

  #store(slot: number, at: number, value: number): void {
    Atomics.store(this.#words, (slot * slotBytes + at) / 4, value);
  }

  #get(slot: number, at: number): number {
    return this.#words[(slot * slotBytes + at) / 4] ?? 0;
  }
}

/** Without a secret anybody could sign, so such a tunnel carries nothing. */
function hasItsSecret(tunnel: PlaneTunnel): boolean {
  return tunnel.encapsulation !== "ayiya" || (tunnel.secret !== undefined && tunnel.secret.length > 0);
}

function encapsulationOf(tunnel: PlaneTunnel): number {
  if (tunnel.encapsulation === "ayiya") return encapsulations.ayiya;
  return tunnel.encapsulation === "udp" ? encapsulations.udp : encapsulations.proto41;
}
