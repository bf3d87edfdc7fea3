import type { MonotonicClock } from "@tombolo/base";
import { makeTicClient, stepTicClient, type SessionInput, type TicClientOptions, type TicOutcome } from "@tombolo/protocols";
import type { OpenedTic } from "./start-tls.ts";
import { makeReceivedTrace, traceSent, type LineTrace } from "./trace.ts";

/** Drives one TIC session over a connected socket to its outcome; the socket is closed or closing when it settles. */
export function converse(
  { socket, greeting }: OpenedTic,
  options: TicClientOptions,
  { clock, trace }: { readonly clock: MonotonicClock; readonly trace: LineTrace | undefined },
): Promise<TicOutcome> {
  const { promise, resolve } = Promise.withResolvers<TicOutcome>();
  let state = makeTicClient(clock.nowMs());
  let timer: NodeJS.Timeout | undefined;
  const give = (input: SessionInput<never>): void => {
    const step = stepTicClient(options, state, input, clock.nowMs());
    state = step.state;
    for (const effect of step.effects) {
      switch (effect.kind) {
        case "send":
          if (trace !== undefined) traceSent(trace, effect.bytes);
          socket.write(effect.bytes);
          break;
        case "deadline":
          clearTimeout(timer);
          // A millisecond more: timers may fire a little early, and the session would then only ask for another one.
          if (effect.at !== undefined) timer = setTimeout(() => give({ kind: "deadline" }), effect.at - clock.nowMs() + 1);
          break;
        case "close":
          socket.end();
          // The server's farewell is of no interest, and one that never comes must not hold the process.
          socket.resume().unref();
          break;
        case "note":
          resolve(effect.note.outcome);
          break;
        // Asked of servers only; a client moves to TLS before the session begins.
        case "ask":
        case "starttls":
          break;
      }
    }
  };
  socket.setNoDelay(true);
  const received = trace === undefined ? undefined : makeReceivedTrace(trace);
  socket.on("data", (bytes: Buffer) => {
    received?.(bytes);
    give({ kind: "bytes", bytes });
  });
  socket.on("close", () => give({ kind: "closed" }));
  socket.on("end", () => give({ kind: "closed" }));
  give({ kind: "start" });
  if (greeting.length > 0) give({ kind: "bytes", bytes: greeting });
  // It may have closed before anybody listened.
  if (socket.destroyed || socket.readableEnded) give({ kind: "closed" });
  // Whoever read the greeting paused it.
  else socket.resume();
  return promise;
}
