import { assert, failure, success, type Result } from "@tombolo/base";
import type { RequestId } from "./requests.ts";
import type { DelegationId, PoolId, TunnelId } from "./types.ts";

/** `T` and a decimal number without leading zeros, at most 15 digits so that it stays exact as a number. */
export function parseTunnelId(text: string): Result<TunnelId, "not-a-tunnel-id"> {
  return isNumbered("T", text) ? success(text as TunnelId) : failure("not-a-tunnel-id");
}

/** `R1001`, in the form of a tunnel's. */
export function parseDelegationId(text: string): Result<DelegationId, "not-a-delegation-id"> {
  return isNumbered("R", text) ? success(text as DelegationId) : failure("not-a-delegation-id");
}

export function parseRequestId(text: string): Result<RequestId, "not-a-request-id"> {
  return isNumbered("Q", text) ? success(text as RequestId) : failure("not-a-request-id");
}

export function parsePoolId(text: string): Result<PoolId, "not-a-pool-id"> {
  return isNumbered("P", text) ? success(text as PoolId) : failure("not-a-pool-id");
}

/** The number inside an id that was parsed or made here. */
export function numberOfId(id: TunnelId | DelegationId | PoolId | RequestId): number {
  const number = Number(id.slice(1));
  assert(Number.isSafeInteger(number), "an id holds a whole number");
  return number;
}

export function makeTunnelId(number: number): TunnelId {
  return `T${number}`;
}

export function makeDelegationId(number: number): DelegationId {
  return `R${number}`;
}

export function makeRequestId(number: number): RequestId {
  return `Q${number}`;
}

export function makePoolId(number: number): PoolId {
  return `P${number}`;
}

function isNumbered(letter: string, text: string): boolean {
  return text.startsWith(letter) && /^[1-9][0-9]{0,14}$/.test(text.slice(1));
}
