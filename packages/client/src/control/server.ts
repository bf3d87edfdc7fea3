import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { controlLimits, decodeRequest, encodeLine, type ControlAnswer, type ControlRequest } from "./messages.ts";

export interface ControlServer {
  /** Also removes the socket's file. */
  close(): Promise<void>;
}

/**
 * Listens on a unix socket that only its owner may use. The caller has made sure that nobody answers on `path`: a file that is
 * left there is removed. Throws what the system refuses.
 */
export async function openControlServer(path: string, answer: (request: ControlRequest) => ControlAnswer): Promise<ControlServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, answer);
  });
  server.maxConnections = controlLimits.connections;
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
      for (const socket of sockets) socket.end();
      return closed.promise;
    },
  };
}

function serve(socket: Socket, answer: (request: ControlRequest) => ControlAnswer): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setTimeout(controlLimits.patienceMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    const end = pending.indexOf(0x0a);
    if (end < 0 && pending.length <= controlLimits.requestBytes) return;
    socket.removeAllListeners("data");
    const request = decodeRequest(end < 0 ? pending : pending.subarray(0, end));
    socket.end(encodeLine(request.ok ? answer(request.value) : { version: 1, error: request.reason }));
  });
}
