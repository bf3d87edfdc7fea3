import { encodeLatin1, failure, success, type Result } from "@tombolo/base";
import { cleanText } from "./values.ts";

/*
 * reply  = status SP text EOL
 * multi  = "201" SP text EOL *( dataline EOL ) "202" SP text EOL     ; no data line begins with "202"
 */

/** aiccu can hold 1013 bytes of what comes in one piece; pieces and lines stay well below. */
export const maxPieceBytes = 900;
const piecePauseMs = 50;

/** A longer list is cut, and its last line says so; `tunnel show` still shows every tunnel. */
export const maxListLines = 1000;

/** Three digits, so that the text begins at offset 4, where aiccu looks for it. */
export type TicCode = 200 | 201 | 202 | 400 | 500;

export function formatReply(code: TicCode, text: string): string {
  return `${code} ${cleanText(text, maxPieceBytes - 5)}`;
}

export interface TicList {
  readonly title: string;
  /** Checked values only: nothing is cleaned here. */
  readonly lines: readonly string[];
  readonly end: string;
}

export function formatList(list: TicList): readonly string[] {
  const shown = list.lines.slice(0, maxListLines);
  const cut = list.lines.length - shown.length;
  const end = cut > 0 ? `${shown.length} of ${list.lines.length} shown` : list.end;
  return [formatReply(201, list.title), ...shown, formatReply(202, end)];
}

export interface Piece {
  readonly bytes: Uint8Array;
  readonly pauseMs?: number;
}

/**
 * Lines, each ended by LF, packed into pieces of at most 900 bytes with a pause after each but the last: aiccu gives up
 * on a reply that leaves more than 1013 bytes in its buffer after one receive.
 */
export function paceLines(lines: readonly string[]): readonly Piece[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + line.length < maxPieceBytes) texts[texts.length - 1] = `${last}${line}\n`;
    else texts.push(`${line}\n`);
  }
  return texts.map((text, i) => {
    const bytes = encodeLatin1(text);
    return i < texts.length - 1 ? { bytes, pauseMs: piecePauseMs } : { bytes };
  });
}

export interface TicStatusLine {
  readonly code: number;
  readonly text: string;
}

/** Reads a status line; the text is verbatim, since a challenge is hashed with every blank it has. */
export function parseReply(line: string): Result<TicStatusLine, "not-a-reply"> {
  if (!/^\d{3}( |$)/.test(line)) return failure("not-a-reply");
  return success({ code: Number(line.slice(0, 3)), text: line.slice(4) });
}
