import type { Broker, PopName, StateChange, TunnelOrder } from "@tombolo/broker";
import { encodeStateLine, type DesiredPop, type DesiredTunnel, type StateLine, type StateLineChange, type Timers } from "@tombolo/pop";

export interface StateLinesOptions {
  readonly broker: Broker;
  readonly pop: PopName;
  /** The revision the PoP holds; undefined when it holds nothing. */
  readonly since: number | undefined;
  readonly signal: AbortSignal;
  readonly timers: Timers;
  /** Asked before everything that is sent: false ends the stream, for the token was replaced. */
  readonly stillWelcome: () => Promise<boolean>;
  /** Called when the stream outlived what it sent: the PoP holds a state that is ours. */
  readonly settled: () => void;
}

/** A line comes at least this often; PoPs give a stream up after three times as long. */
const keepaliveMs = 15_000;

/** The lines of one PoP's stream, in chunks ready to be sent; ends when `signal` aborts. */
export async function* stateLines(options: StateLinesOptions): AsyncGenerator<string> {
  const { broker, pop, signal } = options;
  let held = options.since;
  let popLine = "";
  while (!signal.aborted) {
    const change = held === undefined ? "too-old" : await broker.states.changesSince(pop, held);
    if (change === undefined) {
      const waited = await pause(options, held);
      if (!(await options.stillWelcome())) return;
      if (!signal.aborted) options.settled();
      if (waited === "silent") yield line({ type: "keepalive" });
      continue;
    }
    const page = change === "too-old" ? await broker.states.snapshot(pop) : change;
    const desiredPop = makeDesiredPop(page);
    const news = fingerprint(desiredPop) === popLine ? undefined : desiredPop;
    const lines = change === "too-old" || held === undefined ? snapshotLines(page, desiredPop) : changeLines(page, held, news);
    // A PoP whose tunnels change all the time is never silent, and one that reads slowly takes a snapshot for minutes.
    for (const chunk of inChunks(lines)) {
      if (!(await options.stillWelcome())) return;
      yield chunk;
    }
    popLine = fingerprint(desiredPop);
    held = page.revision;
  }
}

function fingerprint(pop: DesiredPop): string {
  return encodeStateLine({ type: "snapshot", revision: 0, pop });
}

function* snapshotLines(page: StateChange, pop: DesiredPop): Generator<StateLine> {
  yield { type: "snapshot", revision: page.revision, pop };
  for (const order of page.tunnels) yield { type: "tunnel", tunnel: makeDesiredTunnel(order) };
  yield { type: "end", revision: page.revision };
}

/** All lines but the last carry the revision held before: a stream that is cut between them resumes without a loss. */
function* changeLines(page: StateChange, held: number, pop: DesiredPop | undefined): Generator<StateLine> {
  const changes: StateLineChange[] = [
    ...page.tunnels.map((order): StateLineChange => ({ kind: "tunnel", tunnel: makeDesiredTunnel(order) })),
    ...page.removed.map((id): StateLineChange => ({ kind: "removed", id })),
  ];
  // A page without tunnels must carry its revision too.
  if (pop !== undefined || changes.length === 0) changes.push({ kind: "pop", pop: pop ?? makeDesiredPop(page) });
  for (const [i, change] of changes.entries()) {
    yield { type: "change", revision: i === changes.length - 1 ? page.revision : held, change };
  }
}

const chunkChars = 65_536;

/** A million lines must not be one string. */
function* inChunks(lines: Iterable<StateLine>): Generator<string> {
  let chunk = "";
  for (const item of lines) {
    chunk += line(item);
    if (chunk.length < chunkChars) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

function line(item: StateLine): string {
  return `${encodeStateLine(item)}\n`;
}

/** Waits for a change; "silent" when the time for a keep-alive came first. */
async function pause(options: StateLinesOptions, held: number | undefined): Promise<"woken" | "silent"> {
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  let silent = false;
  const cancel = options.timers.after(keepaliveMs, () => {
    silent = true;
    stop();
  });
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    if (options.signal.aborted) stop();
    await options.broker.states.wait(options.pop, waiting.signal, held);
  } finally {
    cancel();
    options.signal.removeEventListener("abort", stop);
  }
  return silent ? "silent" : "woken";
}

function makeDesiredPop({ pop, pools }: StateChange): DesiredPop {
  return { name: pop.name, outerIpv4: pop.outerIpv4, pools: pools.map((pool) => pool.prefix) };
}

function makeDesiredTunnel({ tunnel, secret }: TunnelOrder): DesiredTunnel {
  return {
    id: tunnel.id,
    encapsulation: tunnel.encapsulation,
    enabled: tunnel.userState === "enabled" && tunnel.adminState === "enabled",
    popAddress: tunnel.popAddress,
    clientAddress: tunnel.clientAddress,
    prefix: tunnel.prefix,
    delegations: tunnel.delegations.map((delegation) => delegation.prefix),
    mtuBytes: tunnel.mtuBytes,
    heartbeatSec: tunnel.heartbeatSec,
    secret,
    staticEndpoint: tunnel.staticEndpoint,
    lastEndpoint: tunnel.endpoint && { ipv4: tunnel.endpoint.ipv4, port: tunnel.endpoint.port },
  };
}
