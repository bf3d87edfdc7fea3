import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { failure, success, type Result } from "@tombolo/base";
import { messageOf } from "../log.ts";
import {
  decodePopAnswer,
  decodeTraceLine,
  encodePopLine,
  popControlLimits,
  type PopAnswer,
  type PopRequest,
  type TraceLine,
} from "./messages.ts";

/** absent: nobody listens there; denied: not ours to ask; broken: somebody listens but does not answer sensibly. */
export type PopControlFailure =
  | { readonly kind: "absent" }
  | { readonly kind: "denied" }
  | { readonly kind: "broken"; readonly message: string };

/** Asks the PoP on this host one thing. */
export async function askPop(path: string, request: PopRequest): Promise<Result<PopAnswer, PopControlFailure>> {
  let answer: PopAnswer | undefined;
  const failed = await converse(path, request, (line, socket) => {
    answer = decodePopAnswer(line);
    socket.destroy();
  });
  if (failed !== undefined) return failure(failed);
  return answer === undefined ? failure({ kind: "broken", message: "it gave no answer of this version" }) : success(answer);
}

/** Follows a trace until it ends or `stop` aborts; the answer to the request comes back at the end. */
export async function followTrace(
  path: string,
  request: PopRequest & { readonly command: "trace" },
  { take, stop }: { readonly take: (line: TraceLine) => void; readonly stop: AbortSignal },
): Promise<Result<PopAnswer, PopControlFailure>> {
  let answer: PopAnswer | undefined;
  const failed = await converse(path, request, (line, socket) => {
    if (answer === undefined) {
      answer = decodePopAnswer(line);
      if (answer === undefined) return void socket.destroy();
      socket.setTimeout(0);
      stop.addEventListener("abort", () => socket.destroy(), { once: true });
      if (stop.aborted) socket.destroy();
      return undefined;
    }
    const next = decodeTraceLine(line);
    if (next !== undefined) take(next);
    return undefined;
  });
  if (failed !== undefined) return failure(failed);
  return answer === undefined ? failure({ kind: "broken", message: "it gave no answer of this version" }) : success(answer);
}

/** Sends `request` and hands over line after line; settles when the connection is over. */
function converse(path: string, request: PopRequest, take: (line: string, socket: Socket) => void): Promise<PopControlFailure | undefined> {
  const { promise, resolve } = Promise.withResolvers<PopControlFailure | undefined>();
  const socket = connect(path);
  socket.setTimeout(popControlLimits.patienceMs, () => socket.destroy(new Error("no answer in time")));
  socket.on("connect", () => socket.write(encodePopLine(request)));
  socket.on("error", (error) => resolve(explain(error)));
  const lines = createInterface({ input: socket });
  lines.on("line", (line) => {
    if (line.length > popControlLimits.answerBytes) socket.destroy(new Error("its answer is too long"));
    else take(line, socket);
  });
  // An interface passes errors of its input on; the socket's own handler has them.
  lines.on("error", () => undefined);
  socket.on("close", () => resolve(undefined));
  return promise;
}

function explain(error: Error): PopControlFailure {
  const code = "code" in error ? error.code : undefined;
  // ENOTSOCK and EPROTOTYPE: a file of that name which is not such a socket.
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK" || code === "EPROTOTYPE" || code === "ENOTDIR")
    return { kind: "absent" };
  if (code === "EACCES" || code === "EPERM") return { kind: "denied" };
  return { kind: "broken", message: messageOf(error) };
}
