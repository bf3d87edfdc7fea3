import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { listenError } from "../listeners/drive.ts";
import type { HttpApp } from "./app.ts";

export interface HttpServer {
  readonly port: number;
  /** Stops accepting and settles when the last answer has gone; streams must have been ended before. */
  close(): Promise<void>;
}

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const closeGraceMs = 1000;

export async function openHttpServer(app: HttpApp, wish: { readonly listen: string; readonly port: number }): Promise<HttpServer> {
  const listener = getRequestListener((request) => app.fetch(request), { overrideGlobalObjects: false });
  const limits = {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    maxHeaderSize: 8192,
    connectionsCheckingInterval: 5000,
  };
  const server = createServer(limits, (request, response) => void listener(request, response));
  const port = await listen(server, wish);
  return {
    port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const impatience = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(impatience);
    },
  };
}

function listen(server: Server, wish: { readonly listen: string; readonly port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", (error) => reject(listenError(error, { door: "http", ...wish })));
  server.listen({ host: wish.listen, port: wish.port }, () => {
    const address = server.address();
    resolve(typeof address === "object" && address !== null ? address.port : wish.port);
  });
  return promise;
}
