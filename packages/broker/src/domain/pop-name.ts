import { failure, success, type Result } from "@tombolo/base";
import type { PopName } from "./types.ts";

/** `nlams01`: starts with a letter, 2 to 14 of [a-z0-9]; historic clients print and compare it, so nothing else gets in. */
export function parsePopName(text: string): Result<PopName, "not-a-pop-name"> {
  return /^[a-z][a-z0-9]{1,13}$/.test(text) ? success(text) : failure("not-a-pop-name");
}
