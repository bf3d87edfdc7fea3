import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { decodePopRequest, encodePopLine, popControlLimits, type PopAnswer, type PopRequest, type TraceLine } from "./messages.ts";

/** Answers what is asked on the control socket. */
export interface PopInspector {
  answer(request: PopRequest): PopAnswer;
  /** Decisions about a tunnel go to `take` until the trace ends, or the answer is called. */
  trace(tunnel: number, seconds: number, take: (line: TraceLine) => void): () => void;
}

export interface ControlServer {
  /** Also removes the socket's file. */
  close(): Promise<void>;
}

/** Listens on a unix socket that only its owner may use; a file that is left there is removed. Throws what the system refuses. */
export async function openPopControl(path: string, inspector: PopInspector): Promise<ControlServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, inspector);
  });
  server.maxConnections = popControlLimits.connections;
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject).once("listening", listening.resolve);
  // The file comes into being inside `listen`, so nobody else can connect before its mode is right.
  const before = process.umask(0o177);
  server.listen(path);
  process.umask(before);
  await listening.promise;
  chmodSync(path, 0o600);
  return {
    close: () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      return closed.promise;
    },
  };
}

function serve(socket: Socket, inspector: PopInspector): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setTimeout(popControlLimits.patienceMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    const end = pending.indexOf(0x0a);
    if (end < 0 && pending.length <= popControlLimits.requestBytes) return;
    socket.removeAllListeners("data").resume();
    const request = decodePopRequest(end < 0 ? pending : pending.subarray(0, end));
    if (!request.ok) return void socket.end(encodePopLine({ version: 1, error: request.reason }));
    const answer = inspector.answer(request.value);
    if (request.value.command !== "trace" || !("tracing" in answer)) return void socket.end(encodePopLine(answer));
    socket.write(encodePopLine(answer));
    return follow(socket, request.value, inspector);
  });
}

/** Sends decisions until the trace or the reader ends; what does not fit into the reader's queue is left out. */
function follow(socket: Socket, { tunnel, seconds }: { tunnel: number; seconds: number }, inspector: PopInspector): void {
  socket.setTimeout(0);
  const stop = inspector.trace(tunnel, seconds, (line) => {
    if ("end" in line) socket.end(encodePopLine(line));
    else if (socket.writableLength < popControlLimits.waitingBytes) socket.write(encodePopLine(line));
  });
  socket.on("close", stop);
}
