import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressAt,
  containsAddress,
  encodeIpv6,
  formatIpv6,
  formatPrefix,
  makeIpv6,
  makePrefix,
  makeSeededNumbers,
  type Ipv6Address,
  type Ipv6Prefix,
} from "@tombolo/base";
import fc from "fast-check";
import { ip4, ip6, prefix6 } from "../compliance/inner-packets.ts";
import { slotAt, slotFlags } from "../native/layout.ts";
import type { PlaneTunnel } from "../plane/plane.ts";
import {
  entryEmpty,
  identityEntries,
  identityHeaderWords,
  makeTableMemory,
  prefixEntries,
  prefixHeaderWords,
  prefixWords,
} from "./memory.ts";
import { TableReader } from "./reader.ts";
import { TableWriter } from "./writer.ts";

function makeTable(
  capacity: number,
  role: "pop" | "client" = "pop",
): { memory: ReturnType<typeof makeTableMemory>; reader: TableReader; writer: TableWriter } {
  const memory = makeTableMemory(capacity);
  const writer = new TableWriter(memory, { role, digest: () => new Uint8Array(20).fill(7), socketOf: () => 2 });
  return { memory, reader: new TableReader(memory), writer };
}

function tunnelOf(id: number, wish: Partial<PlaneTunnel> = {}): PlaneTunnel {
  const link = makePrefix(makeIpv6(ip6("2001:db8::").value + (BigInt(id) << 64n)), 64);
  return {
    id,
    encapsulation: "6in4",
    enabled: true,
    localAddress: addressAt(link, 1n),
    remoteAddress: addressAt(link, 2n),
    prefixes: [link],
    mtuBytes: 1280,
    secret: undefined,
    endpoint: undefined,
    endpointFixed: false,
    beatSec: 0,
    ...wish,
  };
}

type Words = [number, number, number, number];

function wordsOf(address: Ipv6Address): Words {
  const view = new DataView(encodeIpv6(address).buffer);
  return [0, 4, 8, 12].map((at) => view.getInt32(at, true)) as Words;
}

function idAt(reader: TableReader, slot: number): number {
  return slot < 0 ? 0 : reader.word(slot, slotAt.id);
}

/** A Map and a linear search: slow, and plainly right. */
class Model {
  readonly tunnels = new Map<number, PlaneTunnel>();
  readonly #owners = new Map<string, { readonly id: number; readonly prefix: Ipv6Prefix; readonly isLink: boolean }>();

  set(tunnel: PlaneTunnel): void {
    const before = this.tunnels.get(tunnel.id)?.prefixes ?? [];
    for (const prefix of before)
      if (!tunnel.prefixes.some((kept) => formatPrefix(kept) === formatPrefix(prefix))) this.#release(prefix, tunnel.id);
    const around = tunnel.prefixes.filter((one) => containsAddress(one, tunnel.localAddress) && containsAddress(one, tunnel.remoteAddress));
    const linkBits = Math.max(-1, ...around.map((one) => one.lengthBits));
    for (const prefix of tunnel.prefixes) {
      const isLink = prefix.lengthBits === linkBits && around.includes(prefix);
      this.#owners.set(formatPrefix(prefix), { id: tunnel.id, prefix, isLink });
    }
    this.tunnels.set(tunnel.id, tunnel);
  }

  remove(id: number): void {
    for (const prefix of this.tunnels.get(id)?.prefixes ?? []) this.#release(prefix, id);
    this.tunnels.delete(id);
  }

  find(address: Ipv6Address): { id: number; isLink: boolean } {
    let best: { id: number; isLink: boolean; bits: number } = { id: 0, isLink: false, bits: -1 };
    for (const { id, prefix, isLink } of this.#owners.values()) {
      if (prefix.lengthBits > best.bits && containsAddress(prefix, address)) best = { id, isLink, bits: prefix.lengthBits };
    }
    return { id: best.id, isLink: best.isLink };
  }

  #release(prefix: Ipv6Prefix, id: number): void {
    if (this.#owners.get(formatPrefix(prefix))?.id === id) this.#owners.delete(formatPrefix(prefix));
  }
}

const lengths = [0, 20, 32, 47, 48, 56, 63, 64, 65, 127, 128];
/** Few different bits, so that prefixes nest and meet. */
const anAddress = fc
  .tuple(
    fc.constantFrom(0x20010db8n, 0x20010db9n, 0xfd000000n),
    fc.constantFrom(0n, 1n, 0x80000000n),
    fc.constantFrom(0n, 1n),
    fc.constantFrom(0n, 1n, 2n, 3n),
  )
  .map(([a, b, c, d]) => makeIpv6((a << 96n) | (b << 64n) | (c << 32n) | d));
const aPrefix = fc.tuple(anAddress, fc.constantFrom(...lengths)).map(([address, bits]) => makePrefix(address, bits));
const aTunnel = fc
  .record({
    id: fc.integer({ min: 1, max: 6 }),
    localAddress: anAddress,
    remoteAddress: anAddress,
    prefixes: fc.uniqueArray(aPrefix, { maxLength: 4, selector: formatPrefix }),
    mtuBytes: fc.integer({ min: 1280, max: 1480 }),
    enabled: fc.boolean(),
  })
  .map((wish) => tunnelOf(wish.id, wish));
const aStep = fc.oneof(
  { weight: 3, arbitrary: aTunnel.map((tunnel) => ({ kind: "set" as const, tunnel })) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }).map((id) => ({ kind: "remove" as const, id })) },
);

test("whatever is set, changed and removed, look-ups answer as a linear search of the longest prefix does", () => {
  fc.assert(
    fc.property(fc.array(aStep, { minLength: 1, maxLength: 40 }), fc.array(anAddress, { minLength: 8, maxLength: 8 }), (steps, asked) => {
      const { reader, writer } = makeTable(8);
      const model = new Model();
      for (const step of steps) {
        if (step.kind === "set") {
          assert.equal(writer.set(step.tunnel), "set");
          model.set(step.tunnel);
        } else {
          writer.remove(step.id);
          model.remove(step.id);
        }
        for (const address of asked) compare(reader, model, address);
      }
      assert.equal(writer.size, model.tunnels.size);
      for (const tunnel of model.tunnels.values()) compareFields(reader, writer, tunnel);
    }),
    { numRuns: 1000 },
  );
});

function compare(reader: TableReader, model: Model, address: Ipv6Address): void {
  const slot = reader.findByAddress(...wordsOf(address));
  const expected = model.find(address);
  assert.equal(idAt(reader, slot), expected.id, formatIpv6(address));
  if (slot >= 0) assert.equal(reader.foundLink, expected.isLink, `${formatIpv6(address)} is of the link`);
  const far = idAt(reader, reader.findByIdentity(...wordsOf(address)));
  const named = [...model.tunnels.values()].filter((tunnel) => tunnel.remoteAddress.value === address.value).map((tunnel) => tunnel.id);
  assert.ok(far === 0 ? named.length === 0 : named.includes(far), `${formatIpv6(address)} as an identity`);
}

function compareFields(reader: TableReader, writer: TableWriter, tunnel: PlaneTunnel): void {
  const slot = writer.slotOf(tunnel.id);
  assert.equal(reader.word(slot, slotAt.id), tunnel.id);
  assert.equal(reader.word(slot, slotAt.mtuBytes), tunnel.mtuBytes);
  assert.equal(reader.word(slot, slotAt.sequence) & 1, 0);
  assert.equal(reader.isEnabled(slot), tunnel.enabled);
  assert.ok(reader.isLocal(slot, ...wordsOf(tunnel.localAddress)));
  assert.ok(reader.isRemote(slot, ...wordsOf(tunnel.remoteAddress)));
}

test("a change of the far end's address moves its identity, and the old one is unknown", () => {
  const { reader, writer } = makeTable(4);
  writer.set(tunnelOf(1));
  writer.set(tunnelOf(1, { remoteAddress: ip6("2001:db8::1:77") }));
  assert.equal(reader.findByIdentity(...wordsOf(tunnelOf(1).remoteAddress)), -1);
  assert.equal(idAt(reader, reader.findByIdentity(...wordsOf(ip6("2001:db8::1:77")))), 1);
});

test("a prefix goes with the tunnel that was last given it, and stays there when the first one leaves", () => {
  const { reader, writer } = makeTable(4);
  const shared = prefix6("2001:db8:f::/48");
  writer.set(tunnelOf(1, { prefixes: [shared] }));
  writer.set(tunnelOf(2, { prefixes: [shared] }));
  assert.equal(idAt(reader, reader.findByAddress(...wordsOf(ip6("2001:db8:f::9")))), 2);
  writer.remove(1);
  assert.equal(idAt(reader, reader.findByAddress(...wordsOf(ip6("2001:db8:f::9")))), 2);
});

test("the link is the longest prefix around both ends; the site's prefix around it is not", () => {
  const { reader, writer } = makeTable(4);
  writer.set(tunnelOf(1, { prefixes: [prefix6("2001:db8::/48"), prefix6("2001:db8:0:1::/64")] }));
  reader.findByAddress(...wordsOf(ip6("2001:db8:0:1::77")));
  assert.equal(reader.foundLink, true);
  assert.equal(idAt(reader, reader.findByAddress(...wordsOf(ip6("2001:db8:0:2::77")))), 1);
  assert.equal(reader.foundLink, false);
});

test("a client's default route is no link", () => {
  const { reader, writer } = makeTable(4, "client");
  writer.set(tunnelOf(1, { prefixes: [prefix6("::/0")] }));
  assert.equal(idAt(reader, reader.findByAddress(...wordsOf(ip6("2001:4860::8888")))), 1);
  assert.equal(reader.foundLink, false);
});

test("a full table says so, keeps what it has, and takes a tunnel again once one has left", () => {
  const { reader, writer } = makeTable(3);
  for (const id of [1, 2, 3]) assert.equal(writer.set(tunnelOf(id)), "set");
  assert.equal(writer.set(tunnelOf(4)), "full");
  assert.equal(writer.slotOf(4), -1);
  assert.equal(writer.set(tunnelOf(2, { mtuBytes: 1400 })), "set");
  writer.remove(1);
  assert.equal(writer.set(tunnelOf(4)), "set");
  assert.deepEqual(
    [1, 2, 3, 4].map((id) => idAt(reader, reader.findByIdentity(...wordsOf(tunnelOf(id).remoteAddress)))),
    [0, 2, 3, 4],
  );
});

test("more prefixes than there is room for are refused, and nothing of that tunnel is left behind", () => {
  const { reader, writer } = makeTable(1);
  const many = Array.from({ length: prefixEntries(1) }, (_, i) => makePrefix(makeIpv6(BigInt(i + 1) << 80n), 48));
  assert.equal(writer.set(tunnelOf(1, { prefixes: many })), "full");
  assert.equal(writer.slotOf(1), -1);
  assert.equal(reader.findByAddress(...wordsOf(makeIpv6(1n << 80n))), -1);
});

test("a slot that was freed rests before another tunnel gets it", () => {
  const { writer } = makeTable(8);
  writer.set(tunnelOf(1));
  const slot = writer.slotOf(1);
  writer.remove(1);
  writer.set(tunnelOf(2));
  assert.notEqual(writer.slotOf(2), slot);
});

test("a reused slot holds nothing of the tunnel that had it", () => {
  const { reader, writer } = makeTable(1);
  writer.set(tunnelOf(1, { endpoint: { ipv4: ip4("192.0.2.9"), port: 0 }, endpointFixed: true, mtuBytes: 1480 }));
  writer.remove(1);
  writer.set(tunnelOf(2));
  reader.readEndpoint(0);
  assert.equal(reader.endpointIp, 0);
  assert.equal(reader.endpointFlags, slotFlags.used | slotFlags.enabled | slotFlags.answersEcho);
  assert.equal(reader.word(0, slotAt.moveEpochSec), 0);
  assert.equal(reader.word(0, slotAt.mtuBytes), 1280);
});

test("an AYIYA tunnel without a secret is held disabled, since anybody could sign for it", () => {
  const { reader, writer } = makeTable(2);
  writer.set(tunnelOf(1, { encapsulation: "ayiya", secret: undefined }));
  writer.set(tunnelOf(2, { encapsulation: "ayiya", secret: new Uint8Array(0) }));
  assert.deepEqual([reader.isEnabled(writer.slotOf(1)), reader.isEnabled(writer.slotOf(2))], [false, false]);
  writer.set(tunnelOf(1, { encapsulation: "ayiya", secret: Uint8Array.of(1) }));
  assert.equal(reader.isEnabled(writer.slotOf(1)), true);
});

test("a change in place keeps a learned endpoint; a fixed one, or another encapsulation, replaces it", () => {
  const { reader, writer } = makeTable(2);
  const learned = { ipv4: ip4("198.51.100.7"), port: 4242 };
  const configured = { ipv4: ip4("203.0.113.5"), port: 0 };
  const now = (): unknown => writer.readEndpoint(writer.slotOf(1));
  writer.set(tunnelOf(1, { encapsulation: "udp" }));
  assert.deepEqual(now(), { endpoint: undefined, proven: false });
  writer.setEndpoint(writer.slotOf(1), learned, { proven: true, epochSec: 9, budgetBytes: 0 });
  writer.set(tunnelOf(1, { encapsulation: "udp", mtuBytes: 1400, endpoint: { ipv4: ip4("192.0.2.1"), port: 1 } }));
  assert.deepEqual(now(), { endpoint: learned, proven: true });
  writer.set(tunnelOf(1, { encapsulation: "6in4", endpoint: configured, endpointFixed: true }));
  assert.deepEqual(now(), { endpoint: configured, proven: true });
  writer.set(tunnelOf(1, { encapsulation: "udp" }));
  assert.deepEqual(now(), { endpoint: undefined, proven: false });
  reader.readEndpoint(writer.slotOf(1));
  assert.equal(reader.endpointFlags & slotFlags.hasEndpoint, 0);
});

test("a budget is given and taken whole, and one that only grows does not overflow", () => {
  const { reader, writer } = makeTable(1);
  writer.set(tunnelOf(1));
  reader.addBudget(0, 300);
  assert.equal(reader.takeBudget(0, 301), false);
  assert.equal(reader.takeBudget(0, 300), true);
  assert.equal(reader.takeBudget(0, 1), false);
  for (let i = 0; i < 40_000; i += 1) reader.addBudget(0, 196_000);
  assert.equal(reader.takeBudget(0, 1_000_000_000), true);
});

/** The longest run of entries without a free one: the most that a look-up may have to walk. */
function longestRun(words: Int32Array, header: number, step: number, entries: number): number {
  let longest = 0;
  for (let i = 0, run = 0; i < entries; i += 1) {
    run = words[header + i * step] === entryEmpty ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

test("chains stay short however often tunnels come and go", () => {
  const capacity = 1024;
  const { memory, reader, writer } = makeTable(capacity);
  const number = makeSeededNumbers(5);
  const live: number[] = [];
  for (let id = 1; id <= capacity; id += 1) {
    live.push(id);
    writer.set(tunnelOf(id));
  }
  for (let id = capacity + 1; id <= 30 * capacity; id += 1) {
    const at = number(capacity);
    writer.remove(live[at] ?? 0);
    assert.equal(writer.set(tunnelOf(id)), "set");
    live[at] = id;
  }
  const runs = {
    identities: longestRun(new Int32Array(memory.identities), identityHeaderWords, 1, identityEntries(capacity)),
    prefixes: longestRun(new Int32Array(memory.prefixes), prefixHeaderWords, prefixWords, prefixEntries(capacity)),
  };
  // Half full and a quarter full; without removal in place these runs grow to the whole index.
  assert.ok(runs.identities < 100 && runs.prefixes < 50, JSON.stringify(runs));
  for (const id of live) assert.equal(idAt(reader, reader.findByIdentity(...wordsOf(tunnelOf(id).remoteAddress))), id);
});

test("100,000 tunnels load, are all found, and strangers are not", () => {
  const count = 100_000;
  const { reader, writer } = makeTable(count);
  for (let id = 1; id <= count; id += 1) assert.equal(writer.set(tunnelOf(id)), "set");
  for (let id = 1; id <= count; id += 1) {
    const far = wordsOf(tunnelOf(id).remoteAddress);
    if (idAt(reader, reader.findByIdentity(...far)) !== id || idAt(reader, reader.findByAddress(...far)) !== id)
      assert.fail(`tunnel ${id}`);
  }
  for (let id = count + 1; id <= count + 1000; id += 1) {
    const far = wordsOf(tunnelOf(id).remoteAddress);
    assert.deepEqual([reader.findByIdentity(...far), reader.findByAddress(...far)], [-1, -1]);
  }
});
