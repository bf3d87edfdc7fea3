import { failure, success, type Result } from "@tombolo/base";

/** `T1001`: the number is decimal, without leading zeros, and fits 31 bits. */
export type TicTunnelId = `T${number}`;

/** `ABC1-TMB`, or `ABC1-TMB/T1001` to log in for one tunnel with a key of its own; then only that tunnel is visible. */
export interface TicUsername {
  readonly handle: string;
  readonly tunnel: TicTunnelId | undefined;
}

export function parseTicUsername(text: string): Result<TicUsername, "not-a-username"> {
  const [handle = "", id, ...more] = text.split("/");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(handle) || more.length > 0) return failure("not-a-username");
  if (id === undefined) return success({ handle, tunnel: undefined });
  const tunnel = findTicTunnelId(id);
  return tunnel === undefined ? failure("not-a-username") : success({ handle, tunnel });
}

export function formatTicUsername(username: TicUsername): string {
  return username.tunnel === undefined ? username.handle : `${username.handle}/${username.tunnel}`;
}

/** Reads the letter in either case, as people type it. */
export function findTicTunnelId(text: string): TicTunnelId | undefined {
  if (!/^[Tt][1-9]\d{0,9}$/.test(text)) return undefined;
  const number = Number(text.slice(1));
  return number <= 0x7fff_ffff ? `T${number}` : undefined;
}

/** aiccu pastes values into shell commands as root: a word is one of these characters only. */
export function isPlainWord(text: string, maxLength: number): boolean {
  return text.length > 0 && text.length <= maxLength && /^[A-Za-z0-9._-]+$/.test(text);
}

/** Printable ASCII and at most `maxLength` of it, on one line: accents are taken off, and what then remains strange becomes "?". */
export function cleanText(text: string, maxLength: number): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/\s+/g, " ")
    .replace(/[^ -~]/gu, "?")
    .trim()
    .slice(0, maxLength);
}
