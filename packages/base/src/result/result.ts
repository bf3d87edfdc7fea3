/** A value or a typed reason; hostile input is a value, never a throw. */
export type Result<T, R> = { readonly ok: true; readonly value: T } | Failure<R>;

export interface Failure<R> {
  readonly ok: false;
  readonly reason: R;
}

/** What a decoder answers: the value, or a reason out of a closed list and the offset in bytes where it was found. */
export type Decoded<T, R extends string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: R; readonly at: number };

export function success<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function failure<R>(reason: R): Failure<R> {
  return { ok: false, reason };
}

/** A decoder's refusal. `at` is the offset in bytes of the first wrong byte, or the length where input ended early. */
export function malformed<R extends string>(reason: R, at: number): { readonly ok: false; readonly reason: R; readonly at: number } {
  return { ok: false, reason, at };
}

/** Our own bug, never a peer's: loud, and it ends what was being done. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

export class AssertionFailed extends Error {
  override readonly name = "AssertionFailed";
}

/** Makes the compiler complain when a closed union grows and a switch over it does not. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unreachable: ${String(value)}`);
}
