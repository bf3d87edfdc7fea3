import type { Random } from "@tombolo/base";
import { lineStart, splitLines } from "@tombolo/protocols";
import { messageOf, type Log } from "../log.ts";
import type { StateAssembler, StateEvent } from "../state/assembler.ts";
import { decodeStateLine, stateLineMaxBytes } from "../state/codec.ts";
import { sleep, type Timers } from "../timers.ts";
import { backoffMs } from "./backoff.ts";

/** What this package needs of `fetch`: global fetch over a network, a server's own handler inside one process. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The broker's API as the PoP reaches it. */
export interface BrokerDoor {
  readonly fetch: Fetch;
  /** `https://broker.example.net`, without a final slash. */
  readonly url: string;
  readonly token: string;
}

export interface StateStreamOptions {
  readonly door: BrokerDoor;
  readonly assembler: StateAssembler;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Called after each line that changed the held state. */
  readonly onEvent: (event: StateEvent) => void;
}

/** The broker sends a line at least every 15 s; three missed mean a dead stream. */
export const stallMs = 45_000;

/** Holds the stream open until `signal` aborts; whatever ends it, the held state stays and a new try follows. */
export async function followState(options: StateStreamOptions, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const ended = await readStream(options, signal);
    options.assembler.cut();
    if (signal.aborted) return;
    failures = ended.gotLines ? 0 : failures + 1;
    const waitMs = backoffMs(failures, options.random);
    options.log({
      level: "warn",
      event: "pop.stream.ended",
      reason: ended.reason,
      revision: options.assembler.held?.revision,
      retryMs: waitMs,
    });
    await sleep(options.timers, waitMs, signal);
  }
}

interface StreamEnd {
  readonly reason: string;
  /** True once the broker has sent a line that we could use: the next try may come soon. */
  readonly gotLines: boolean;
}

async function readStream(options: StateStreamOptions, signal: AbortSignal): Promise<StreamEnd> {
  const { door, assembler, log } = options;
  const stall = makeStallWatch(options.timers, signal);
  let gotLines = false;
  try {
    const since = assembler.held?.revision;
    const response = await door.fetch(`${door.url}/pop/v1/state${since === undefined ? "" : `?since=${since}`}`, {
      headers: { authorization: `Bearer ${door.token}`, accept: "application/x-ndjson" },
      signal: stall.signal,
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return { reason: refusalOf(response.status), gotLines };
    }
    log({ level: "info", event: "pop.stream.connected", url: door.url, since });
    let split = lineStart;
    for await (const chunk of chunksOf(response.body, stall.signal)) {
      stall.fed();
      const { state, lines, fault } = splitLines(split, chunk, stateLineMaxBytes);
      split = state;
      for (const line of lines) {
        const wrong = takeLine(line, options);
        if (wrong !== undefined) return { reason: wrong, gotLines };
        gotLines = true;
      }
      if (fault !== undefined) return { reason: fault, gotLines };
    }
    return { reason: stall.stalled ? "stalled" : "closed-by-broker", gotLines };
  } catch (error) {
    return { reason: stall.stalled ? "stalled" : messageOf(error), gotLines };
  } finally {
    stall.close();
  }
}

/** A body's chunks until it ends or `signal` aborts. Not every carrier of a body ends it when its request is aborted. */
async function* chunksOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    if (signal.aborted) return;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

function takeLine(text: string, options: StateStreamOptions): string | undefined {
  const decoded = decodeStateLine(text);
  if (!decoded.ok) return decoded.reason.field === "" ? decoded.reason.reason : `${decoded.reason.reason} ${decoded.reason.field}`;
  const event = options.assembler.push(decoded.value);
  if (!event.ok) return event.reason;
  if (event.value !== undefined) options.onEvent(event.value);
  return undefined;
}

function refusalOf(status: number): string {
  return status === 401 ? "token-refused" : `http-${status}`;
}

interface StallWatch {
  readonly signal: AbortSignal;
  readonly stalled: boolean;
  fed(): void;
  close(): void;
}

/** Aborts when nothing was fed for `stallMs`, and when the outer signal aborts. */
function makeStallWatch(timers: Timers, outer: AbortSignal): StallWatch {
  const controller = new AbortController();
  let stalled = false;
  const stop = (): void => controller.abort();
  const starve = (): void => {
    stalled = true;
    stop();
  };
  let cancel = timers.after(stallMs, starve);
  outer.addEventListener("abort", stop, { once: true });
  if (outer.aborted) stop();
  return {
    signal: controller.signal,
    get stalled() {
      return stalled;
    },
    fed() {
      cancel();
      cancel = timers.after(stallMs, starve);
    },
    close() {
      cancel();
      outer.removeEventListener("abort", stop);
      stop();
    },
  };
}
