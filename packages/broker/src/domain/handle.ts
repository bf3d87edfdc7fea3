import { failure, success, type Result } from "@tombolo/base";
import type { Handle } from "./types.ts";

/**
 * `ABC1-TMB`: two to four letters, a number, the source. Handles of regional registries have the same form, some
 * without a number (`JRM1-RIPE`, `AB-RIPE`), and are taken as they are. Lower case is raised, because users type it.
 */
export function parseHandle(text: string): Result<Handle, "not-a-handle"> {
  if (text.length > 24) return failure("not-a-handle");
  const handle = text.toUpperCase();
  return /^[A-Z]{2,4}(?:[1-9][0-9]{0,8})?-[A-Z][A-Z0-9]{1,8}$/.test(handle) ? success(handle) : failure("not-a-handle");
}

/** What follows the dash; operators choose it once. */
export function isHandleSuffix(text: string): boolean {
  return /^[A-Z][A-Z0-9]{1,8}$/.test(text);
}

/**
 * Two to four letters that stand for a name: the first of each word, or of a single word its first two. Marks over
 * letters fall away; a name with no Latin letters gets `USR`.
 */
export function initialsOf(fullName: string): string {
  const words = fullName
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toUpperCase()
    .split(/[^A-Z]+/)
    .filter((word) => word !== "");
  const initials = words.map((word) => word.charAt(0)).join("");
  if (initials.length >= 2) return initials.slice(0, 4);
  const single = words[0] ?? "";
  return single.length >= 2 ? single.slice(0, 2) : "USR";
}

/** The handle of these initials with the lowest number above every one in use. */
export function nextHandle(initials: string, suffix: string, inUse: readonly Handle[]): Handle {
  const form = new RegExp(`^${initials}([1-9][0-9]*)-${suffix}$`);
  const numbers = inUse.map((handle) => Number(form.exec(handle)?.[1] ?? 0));
  const highest = numbers.reduce((a, b) => Math.max(a, b), 0);
  return `${initials}${highest + 1}-${suffix}`;
}
