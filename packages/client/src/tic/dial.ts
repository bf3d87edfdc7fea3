import { lookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import { failure, success, type Result } from "@tombolo/base";
import type { ServerName } from "../config/fields.ts";
import { errorMessage } from "../failure/errors.ts";

const patienceMs = 10_000;
const mostAddresses = 8;

/**
 * Connects to the first address that answers. IPv4 goes first: IPv6 may itself run through the tunnel that is being mended.
 * The reason of a failure is the last address's.
 */
export async function dial(server: ServerName, signal: AbortSignal): Promise<Result<Socket, string>> {
  let reason = "its name has no address";
  try {
    const found = isIP(server.host) > 0 ? [{ address: server.host }] : await resolve(server.host, signal);
    for (const { address } of found.slice(0, mostAddresses)) {
      const socket = await dialOne(address, server.port, signal);
      if (socket.ok || signal.aborted) return socket;
      reason = socket.reason;
    }
  } catch (error) {
    reason = errorMessage(error);
  }
  return failure(reason);
}

/** A look-up cannot be taken back: after an abort nobody waits for it, but the process lives until the resolver gives up. */
async function resolve(host: string, signal: AbortSignal): Promise<readonly { readonly address: string }[]> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("no longer wanted")), { once: true });
  });
  return Promise.race([lookup(host, { all: true, order: "ipv4first" }), aborted]);
}

function dialOne(host: string, port: number, signal: AbortSignal): Promise<Result<Socket, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<Socket, string>>();
  const socket = connect({ host, port, signal });
  const giveUp = (reason: string): void => {
    socket.destroy();
    resolve(failure(reason));
  };
  socket.setTimeout(patienceMs, () => giveUp("no answer in time"));
  // Stays for good: a socket without a listener for errors would end the process.
  socket.on("error", (error) => giveUp(errorMessage(error)));
  socket.once("connect", () => {
    socket.setTimeout(0);
    resolve(success(socket));
  });
  return promise;
}
