import type { Socket } from "node:net";
import type { MonotonicClock } from "@tombolo/base";
import { makeTicClient, stepTicClient, type SessionInput, type TicClientOptions, type TicOutcome } from "@tombolo/protocols";

/** Drives one TIC session over a connected socket to its outcome; the socket is closed or closing when it settles. */
export function converse(socket: Socket, options: TicClientOptions, clock: MonotonicClock): Promise<TicOutcome> {
  const { promise, resolve } = Promise.withResolvers<TicOutcome>();
  let state = makeTicClient(clock.nowMs());
  let timer: NodeJS.Timeout | undefined;
  const give = (input: SessionInput<never>): void => {
    const step = stepTicClient(options, state, input, clock.nowMs());
    state = step.state;
    for (const effect of step.effects) {
      switch (effect.kind) {
        case "send":
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
        case "ask":
          break;
      }
    }
  };
  socket.setNoDelay(true);
  socket.on("data", (bytes: Buffer) => give({ kind: "bytes", bytes }));
  socket.on("close", () => give({ kind: "closed" }));
  socket.on("end", () => give({ kind: "closed" }));
  give({ kind: "start" });
  return promise;
}
