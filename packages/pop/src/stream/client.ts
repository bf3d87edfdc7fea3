import { failure, success, type Random, type Result } from "@tombolo/base";
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
    failures = ended.progressed ? 0 : failures + 1;
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
  /** True once a snapshot was whole or a change was applied: the next try may come soon. Lines alone may be the same bad ones each time. */
  readonly progressed: boolean;
}

async function readStream(options: StateStreamOptions, signal: AbortSignal): Promise<StreamEnd> {
  const { door, assembler, log } = options;
  const stall = makeStallWatch(options.timers, signal);
  let progressed = false;
  try {
    const since = assembler.held?.revision;
    const response = await door.fetch(`${door.url}/pop/v1/state${since === undefined ? "" : `?since=${since}`}`, {
      headers: { authorization: `Bearer ${door.token}`, accept: "application/x-ndjson" },
      signal: stall.signal,
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return { reason: refusalOf(response.status), progressed };
    }
    log({ level: "info", event: "pop.stream.connected", url: door.url, since });
    let split = lineStart;
    for await (const chunk of chunksOf(response.body, stall.signal)) {
      stall.fed();
      const { state, lines, fault } = splitLines(split, chunk, stateLineMaxBytes);
      split = state;
      for (const line of lines) {
        const taken = takeLine(line, options);
        if (!taken.ok) return { reason: taken.reason, progressed };
        progressed ||= taken.value;
      }
      if (fault !== undefined) return { reason: fault, progressed };
    }
    return { reason: stall.stalled ? "stalled" : "closed-by-broker", progressed };
  } catch (error) {
    return { reason: stall.stalled ? "stalled" : messageOf(error), progressed };
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

/** True when the line changed the held state; or what is wrong with it. */
function takeLine(text: string, options: StateStreamOptions): Result<boolean, string> {
  const decoded = decodeStateLine(text);
  if (!decoded.ok) {
    const { reason, field } = decoded.reason;
    return failure(field === "" ? reason : `${reason} ${field}`);
  }
  const event = options.assembler.push(decoded.value);
  if (!event.ok) return event;
  if (event.value === undefined) return success(false);
  options.onEvent(event.value);
  return success(true);
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
