import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { makeIpv4, parsePrefix, type Ipv6Prefix } from "@tombolo/base";
import { makeBroker, type Broker, type Tunnel } from "@tombolo/broker";
import type { LogEvent } from "@tombolo/pop";
import { openStore, type OpenedStore } from "@tombolo/store";
import { systemWall } from "../src/platform/clocks.ts";
import { sha256, systemRandom } from "../src/platform/crypto.ts";
import { makeSealer } from "../src/platform/sealer.ts";

export async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tombolo-server-"));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

function prefixOf(text: string): Ipv6Prefix {
  const prefix = parsePrefix(text);
  if (!prefix.ok) throw new Error(`not a prefix: ${text}`);
  return prefix.value;
}

/** A real broker over SQLite in memory. */
export interface TestBroker {
  readonly broker: Broker;
  readonly store: OpenedStore;
}

export async function openTestBroker(t: TestContext): Promise<TestBroker> {
  const store = await openStore({ url: "sqlite::memory:" });
  t.after(() => store.close());
  const sealer = makeSealer(new Uint8Array(32).fill(7), systemRandom);
  return { store, broker: makeBroker({ store, sealer, sha256, random: systemRandom, clock: systemWall }) };
}

export interface Furnished {
  readonly handle: string;
  readonly accessKey: string;
  readonly token: string;
  readonly tunnel: Tunnel;
}

/** An account with one AYIYA tunnel at PoP nlams01. */
export async function furnish(broker: Broker): Promise<Furnished> {
  const { token } = await broker.pops.add({ name: "nlams01", city: "Amsterdam", country: "NL", outerIpv4: makeIpv4(0xc000_0201) });
  await broker.pools.add({ pop: "nlams01", purpose: "tunnel", prefix: prefixOf("2001:db8:1::/48"), lengthBits: 64 });
  await broker.pools.add({ pop: "nlams01", purpose: "delegation", prefix: prefixOf("2001:db8:2::/48"), lengthBits: 64 });
  const { account, accessKey } = await broker.accounts.add({ fullName: "Ada B. Cole", email: "ada@example.net" });
  const tunnel = await broker.tunnels.add({ handle: account.handle, pop: "nlams01", encapsulation: "ayiya" });
  return { handle: account.handle, accessKey, token, tunnel };
}

export interface TestLog {
  readonly log: (event: LogEvent) => void;
  readonly events: LogEvent[];
}

export function makeTestLog(): TestLog {
  const events: LogEvent[] = [];
  return { log: (event) => void events.push(event), events };
}

/** Waits for a condition, with a bound that only a hang reaches. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came: ${what}`);
    await turn();
  }
}

/** A plain client of a line protocol: everything it got is text. */
export class TestClient {
  readonly socket: Socket;
  text = "";
  /** "fin": the other side closed in good order. */
  ended: "no" | "fin" | "reset" = "no";
  /** The socket, or TLS over it. */
  #over: Socket;
  readonly #take = (chunk: Buffer | string): void => void (this.text += chunk.toString("latin1"));

  constructor(port: number, localAddress?: string) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, ...(localAddress !== undefined && { localAddress }) });
    this.#over = this.socket;
    this.#over.on("data", this.#take);
    this.socket.on("end", () => {
      this.ended = "fin";
      this.socket.end();
    });
    this.socket.on("error", () => void (this.ended = "reset"));
  }

  /** From now on everything goes through `secured`, which is TLS over the socket. */
  speakOver(secured: Socket): void {
    this.#over = secured;
    secured.on("data", this.#take);
    secured.on("end", () => {
      this.ended = "fin";
      secured.end();
    });
    secured.on("error", () => void (this.ended = "reset"));
  }

  send(...lines: readonly string[]): void {
    this.#over.write(lines.map((line) => `${line}\n`).join(""));
  }

  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** Sends a line and gives the first line of the reply. */
  async ask(line: string): Promise<string> {
    const before = this.lines.length;
    this.send(line);
    await this.linesToBe(before + 1);
    return this.lines[before] ?? "";
  }

  async linesToBe(count: number): Promise<void> {
    await until(() => this.lines.length >= count || this.ended !== "no", `${count} lines`);
  }

  async closed(): Promise<string> {
    await until(() => this.ended !== "no", "the end of the connection");
    return this.ended;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
