import { concatBytes, decodeLatin1 } from "@tombolo/base";

/** What a stream has brought of a line that has not ended; give `lineStart` first, then what each step returns. */
export interface LineState {
  readonly pending: Uint8Array;
  /** A line was longer than the bound: its rest cannot be told from the next one, so nothing more is read. */
  readonly overBound: boolean;
}

export interface LineStep {
  readonly state: LineState;
  /** Without their line ends, one character a byte. */
  readonly lines: readonly string[];
  /** Set in the step that met the bound, after the lines before it, and in all later ones. */
  readonly fault: "line-too-long" | undefined;
}

export const lineStart: LineState = { pending: new Uint8Array(0), overBound: false };

const lf = 0x0a;
const cr = 0x0d;

/**
 * Cuts a byte stream into lines that end in LF or CRLF. A line has at most `maxBytes` bytes without its end; the end itself
 * may come later, in pieces of any size.
 */
export function splitLines(state: LineState, bytes: Uint8Array, maxBytes: number): LineStep {
  if (state.overBound) return { state, lines: [], fault: "line-too-long" };
  const lines: string[] = [];
  let pending = state.pending;
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(lf, at);
    const part = bytes.subarray(at, end < 0 ? bytes.length : end);
    // One byte above the bound may still be the CR of the line's end.
    if (pending.length + part.length > maxBytes + 1) return tooLong(lines);
    const line = concatBytes(pending, part);
    const length = line.at(-1) === cr ? line.length - 1 : line.length;
    if (length > maxBytes) return tooLong(lines);
    if (end < 0) return { state: { pending: line, overBound: false }, lines, fault: undefined };
    lines.push(decodeLatin1(line.subarray(0, length)));
    pending = lineStart.pending;
    at = end + 1;
  }
  return { state: { pending, overBound: false }, lines, fault: undefined };
}

function tooLong(lines: readonly string[]): LineStep {
  return { state: { pending: lineStart.pending, overBound: true }, lines, fault: "line-too-long" };
}
