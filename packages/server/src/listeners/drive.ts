import { createServer, type Server, type Socket } from "node:net";
import type { MonotonicClock } from "@tombolo/base";
import type { Log } from "@tombolo/pop";
import { codeOf, StartupError } from "../run/startup-error.ts";
import { Connection, type LineSession } from "./connection.ts";
import { peerTextOf, sourceOf } from "./sources.ts";
import type { Wheel } from "./wheel.ts";

export interface Peer {
  /** `192.0.2.1:40000`, for the log. */
  readonly text: string;
  /** Who it counts for. */
  readonly source: string;
  /** Set when there are too many already: the session says so and ends. */
  readonly crowded: "everywhere" | "source" | undefined;
}

export interface LineServerOptions<State, Question, Answer, Note> {
  /** `tic`: the name in the log. */
  readonly door: string;
  readonly listen: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerSource: number;
  readonly clock: MonotonicClock;
  readonly wheel: Wheel;
  readonly log: Log;
  readonly open: (peer: Peer) => LineSession<State, Question, Answer, Note>;
}

export interface LineServer {
  readonly port: number;
  connections(): number;
  /** Stops accepting, closes every connection with FIN, and settles when the last is gone. */
  close(): Promise<void>;
}

/** So many above the bound still hear why they are turned away; beyond, connections are closed unheard. */
const politeSlack = 256;
const closeGraceMs = 1000;

/** Listens for one line protocol. Every such protocol shares this driver. */
export async function openLineServer<State, Question, Answer, Note>(
  options: LineServerOptions<State, Question, Answer, Note>,
): Promise<LineServer> {
  const connections = new Map<Socket, Connection<State, Question, Answer, Note>>();
  const crowd = makeCrowd(options);
  // Half-open: a peer that closes its side after its last command still gets the answers.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  server.maxConnections = options.maxConnections + politeSlack;

  function accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // Gone already.
    if (remoteAddress === undefined) return void socket.destroy();
    const source = sourceOf(remoteAddress);
    const peer: Peer = { text: peerTextOf(remoteAddress, remotePort ?? 0), source, crowded: crowd.enter(source) };
    const failed = (reason: string): void =>
      options.log({ level: "error", event: `${options.door}.session.failed`, peer: peer.text, reason });
    const connection = new Connection(options.open(peer), { socket, clock: options.clock, wheel: options.wheel, failed });
    connections.set(socket, connection);
    socket.once("close", () => {
      connections.delete(socket);
      if (peer.crowded === undefined) crowd.leave(source);
    });
    connection.start();
  }

  const port = await listen(server, options);
  return {
    port,
    connections: () => connections.size,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections.values()) connection.close();
      const impatience = setTimeout(() => {
        for (const socket of connections.keys()) socket.destroy();
      }, closeGraceMs);
      await closed;
      clearTimeout(impatience);
    },
  };
}

/** Counts who is here. Those that are turned away do not count: they are about to go. */
function makeCrowd(limits: { readonly maxConnections: number; readonly maxConnectionsPerSource: number }): {
  readonly enter: (source: string) => Peer["crowded"];
  readonly leave: (source: string) => void;
} {
  const perSource = new Map<string, number>();
  let all = 0;
  return {
    enter(source) {
      const here = perSource.get(source) ?? 0;
      if (all >= limits.maxConnections) return "everywhere";
      if (here >= limits.maxConnectionsPerSource) return "source";
      all += 1;
      perSource.set(source, here + 1);
      return undefined;
    },
    leave(source) {
      const left = (perSource.get(source) ?? 1) - 1;
      all -= 1;
      if (left === 0) perSource.delete(source);
      else perSource.set(source, left);
    },
  };
}

function listen(server: Server, wish: { readonly door: string; readonly listen: string; readonly port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", (error) => reject(listenError(error, wish)));
  server.listen({ host: wish.listen, port: wish.port, backlog: 1024 }, () => {
    const address = server.address();
    resolve(typeof address === "object" && address !== null ? address.port : wish.port);
  });
  return promise;
}

/** Says what to do about an address that cannot be listened at. */
export function listenError(error: unknown, wish: { readonly door: string; readonly listen: string; readonly port: number }): StartupError {
  const where = `${wish.listen} port ${wish.port}`;
  const fix = `choose another with ${wish.door}.listen and ${wish.door}.port`;
  const code = codeOf(error);
  if (code === "EADDRINUSE")
    return new StartupError("unreachable", `${wish.door}: ${where} is in use by another program; stop it, or ${fix}`);
  if (code === "EACCES")
    return new StartupError("permission", `${wish.door}: listening at ${where} needs root or CAP_NET_BIND_SERVICE; or ${fix}`);
  return new StartupError("unreachable", `${wish.door}: cannot listen at ${where} (${code}); ${fix}`);
}
