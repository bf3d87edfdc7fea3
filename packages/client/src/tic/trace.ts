import { splitLines, lineStart, ticClientLimits } from "@tombolo/protocols";

/** Called for each line of a TIC conversation; the line is masked where it holds a secret or an answer to a challenge. */
export type LineTrace = (direction: "sent" | "received", line: string) => void;

/** What is sent goes through here: whole lines. */
export function traceSent(trace: LineTrace, bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("latin1").replace(/\n$/, "");
  trace("sent", text.replace(/^(authenticate \S+ ).*$/i, "$1(not shown)"));
}

/** What arrives comes in pieces of any size. */
export function makeReceivedTrace(trace: LineTrace): (bytes: Uint8Array) => void {
  let state = lineStart;
  return (bytes) => {
    const step = splitLines(state, bytes, ticClientLimits.lineBytes);
    state = step.state;
    for (const line of step.lines) trace("received", line.replace(/^(Password: ).*$/, "$1(not shown)"));
  };
}
