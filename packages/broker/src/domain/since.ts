import type { WallSec } from "@tombolo/base";
import type { Pop } from "./types.ts";

/** `2026-11-21 07:00 UTC`: a moment that stays right however long a text lies around, which "two hours ago" does not. */
export function formatMinute(at: WallSec): string {
  return `${new Date(at * 1_000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `PoP nlams01 is down since 2026-11-21 07:00 UTC: New disks until noon` */
export function describePop({ name, state, stateSince, stateMessage }: Pop): string {
  const text = `PoP ${name} is ${state} since ${formatMinute(stateSince)}`;
  return stateMessage === "" ? text : `${text}: ${stateMessage}`;
}
