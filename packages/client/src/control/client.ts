import { connect } from "node:net";
import { failure, success, type Result } from "@tombolo/base";
import { errorCode, errorMessage } from "../failure/errors.ts";
import { controlLimits, decodeAnswer, encodeLine, type ControlAnswer, type ControlRequest } from "./messages.ts";

/** absent: nobody listens there; denied: not ours to ask; broken: somebody listens but does not answer sensibly. */
export type ControlFailure =
  | { readonly kind: "absent" }
  | { readonly kind: "denied" }
  | { readonly kind: "broken"; readonly message: string };

/** Asks a running instance one thing. */
export function askControl(path: string, request: ControlRequest): Promise<Result<ControlAnswer, ControlFailure>> {
  const { promise, resolve } = Promise.withResolvers<Result<ControlAnswer, ControlFailure>>();
  const broken = (message: string): void => resolve(failure({ kind: "broken", message }));
  const socket = connect(path);
  let text = "";
  socket.setEncoding("utf8").setTimeout(controlLimits.patienceMs, () => {
    broken("no answer in time");
    socket.destroy();
  });
  socket.on("connect", () => socket.write(encodeLine(request)));
  socket.on("data", (part: string) => {
    text += part;
    if (text.length <= controlLimits.answerBytes) return;
    broken("its answer is too long");
    socket.destroy();
  });
  socket.on("error", (error) => resolve(failure(explain(error))));
  socket.on("close", () => {
    const answer = decodeAnswer(text);
    if (answer === undefined) broken(text === "" ? "it closed without an answer" : "its answer is not of this version");
    else resolve(success(answer));
  });
  return promise;
}

function explain(error: Error): ControlFailure {
  const code = errorCode(error);
  // ENOTSOCK and EPROTOTYPE: a file of that name which is not such a socket.
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK" || code === "ENOTDIR") return { kind: "absent" };
  if (code === "EACCES" || code === "EPERM") return { kind: "denied" };
  return { kind: "broken", message: errorMessage(error) };
}
