import { isIP, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { failure, success, type Result } from "@tombolo/base";
import { ticClientLimits } from "@tombolo/protocols";
import { errorMessage } from "../failure/errors.ts";
import { makeReceivedTrace, traceSent, type LineTrace } from "./trace.ts";

/**
 * prefer: TLS where the server offers it, whoever that is: it hides the tunnel's secret from those who only listen. require: TLS with a
 * certificate that this host trusts for the server's name, or nothing. off: never asked for.
 */
export type TlsPolicy = "prefer" | "require" | "off";

export const tlsPolicies: readonly TlsPolicy[] = ["prefer", "require", "off"];

/** A connection on which TIC goes on; `greeting` was read from it already. */
export interface OpenedTic {
  readonly socket: Socket;
  readonly greeting: Uint8Array;
}

export interface StartTlsWish {
  readonly policy: TlsPolicy;
  readonly host: string;
  readonly trace: LineTrace | undefined;
}

export const noTls = "it offers no TLS, and TLS is required";

/** Reads the greeting and, as the policy says, moves the connection to TLS (TIC sheet, section 10). The socket is closed on a failure. */
export async function startTls(socket: Socket, wish: StartTlsWish): Promise<Result<OpenedTic, string>> {
  if (wish.policy === "off") return success({ socket, greeting: new Uint8Array(0) });
  const greeting = await readLine(socket);
  if (wish.trace !== undefined && greeting !== undefined) makeReceivedTrace(wish.trace)(greeting);
  // Whatever is wrong with the greeting is for the session to say.
  if (greeting === undefined || greeting[0] !== 0x32) return success({ socket, greeting: greeting ?? new Uint8Array(0) });
  const command = Buffer.from("starttls\n");
  if (wish.trace !== undefined) traceSent(wish.trace, command);
  socket.write(command);
  const reply = await readLine(socket);
  if (reply === undefined) return giveUp(socket, 'it closed the connection at "starttls"');
  if (wish.trace !== undefined) makeReceivedTrace(wish.trace)(reply);
  if (reply[0] !== 0x32) return wish.policy === "require" ? giveUp(socket, noTls) : success({ socket, greeting });
  // What was sent in clear behind the reply would be taken for part of the protected conversation.
  if (reply.indexOf(0x0a) !== reply.length - 1) return giveUp(socket, "it spoke in clear after it had agreed to TLS");
  const secured = await shake(socket, wish);
  return secured.ok ? success({ socket: secured.value, greeting }) : giveUp(socket, secured.reason);
}

function giveUp(socket: Socket, reason: string): Result<never, string> {
  socket.destroy();
  return failure(reason);
}

/** What arrived up to the end of a first line, and perhaps more; undefined when the peer closed, or took too long. */
function readLine(socket: Socket): Promise<Uint8Array | undefined> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
  let read = Buffer.alloc(0);
  const done = (line: Uint8Array | undefined): void => {
    socket.off("data", take).off("close", gone).off("end", gone).setTimeout(0);
    socket.pause();
    resolve(line);
  };
  const gone = (): void => done(read.length > 0 ? read : undefined);
  const take = (bytes: Buffer): void => {
    read = Buffer.concat([read, bytes]);
    if (read.includes(0x0a) || read.length > ticClientLimits.lineBytes) done(read);
  };
  socket.setTimeout(ticClientLimits.replyMs, () => socket.destroy());
  socket.on("data", take).once("close", gone).once("end", gone);
  socket.resume();
  return promise;
}

function shake(socket: Socket, wish: StartTlsWish): Promise<Result<TLSSocket, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<TLSSocket, string>>();
  const secured = connect({
    socket,
    rejectUnauthorized: wish.policy === "require",
    ...(isIP(wish.host) > 0 ? { host: wish.host } : { servername: wish.host }),
  });
  secured.setTimeout(ticClientLimits.replyMs, () => secured.destroy(new Error("no answer in time")));
  // Stays for good: a socket without a listener for errors would end the process.
  secured.on("error", (error) => resolve(failure(`TLS with it failed (${errorMessage(error)})`)));
  secured.once("close", () => resolve(failure("it closed the connection during the TLS handshake")));
  secured.once("secureConnect", () => {
    secured.setTimeout(0);
    resolve(success(secured));
  });
  return promise;
}
