import { failure, success, type Result } from "@tombolo/base";

/*
 * tombolo.conf:
 *
 *   file    = *( line LF )                       at most 64 KiB, UTF-8
 *   line    = blank | comment | setting          at most 1000 characters
 *   comment = *WSP "#" *any                      a whole line; "#" inside a value is part of the value
 *   setting = *WSP name *WSP "=" *WSP value *WSP
 *   name    = lower-case letters and "-"
 *   value   = text | DQUOTE text DQUOTE          quotes keep blanks at the ends; nothing is escaped
 *
 * A name may stand once. There are no sections, includes or substitutions.
 */
const limits = { fileBytes: 65_536, lineLength: 1000 } as const;

export interface ConfEntry {
  readonly name: string;
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

/** `text` is shown to the user only when it is known not to hold a secret, so a line that is no setting is not quoted. */
export interface ConfFault {
  readonly line: number;
  readonly field: string;
  readonly fix: string;
}

/** Reads the grammar only; which names and values make sense is the settings' business. */
export function parseConfFile(bytes: Uint8Array): Result<readonly ConfEntry[], ConfFault> {
  if (bytes.length > limits.fileBytes) return fault(1, "the file", `it has more than ${limits.fileBytes} bytes; is it the right one?`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fault(1, "the file", "it is not UTF-8 text; is it the right one?");
  }
  const entries = new Map<string, ConfEntry>();
  for (const [at, raw] of text.split("\n").entries()) {
    const parsed = parseLine(raw, at + 1);
    if (!parsed.ok) return parsed;
    if (parsed.value === undefined) continue;
    const earlier = entries.get(parsed.value.name);
    if (earlier !== undefined) {
      return fault(at + 1, parsed.value.name, `it stands already in line ${earlier.line}; keep one of the two`);
    }
    entries.set(parsed.value.name, parsed.value);
  }
  return success([...entries.values()]);
}

function parseLine(raw: string, line: number): Result<ConfEntry | undefined, ConfFault> {
  if (raw.length > limits.lineLength) return fault(line, "the line", `it is longer than ${limits.lineLength} characters; shorten it`);
  const text = raw.trim();
  if (text === "" || text.startsWith("#")) return success(undefined);
  if (/\p{Cc}/u.test(text.replaceAll("\t", " "))) return fault(line, "the line", "it holds a control character; remove it");
  const match = /^([a-z][a-z-]*)[ \t]*=[ \t]*(.*)$/.exec(text);
  if (match === null)
    return fault(line, "the line", 'it is not of the form "name = value"; correct it, or begin it with # to make it a comment');
  const [, name = "", written = ""] = match;
  const value = unquote(written);
  if (value === undefined) return fault(line, name, "it begins with a double quote but does not end with one; add it");
  if (value === "") return fault(line, name, "it has no value; give one, or remove the line");
  return success({ name, value, line });
}

function unquote(written: string): string | undefined {
  if (!written.startsWith('"')) return written;
  return written.length >= 2 && written.endsWith('"') ? written.slice(1, -1) : undefined;
}

function fault(line: number, field: string, fix: string): Result<never, ConfFault> {
  return failure({ line, field, fix });
}
