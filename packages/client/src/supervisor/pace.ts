import type { Patience } from "../failure/failure.ts";

/** Every wait of the supervisor, in one place. */
export const pace = {
  /** A healthy tunnel is checked so often: home NATs forget a UDP flow after as little as 30 s (RFC 4787 section 4.3 wants 2 minutes). */
  checkMs: 25_000,
  /** How often the device is compared with what it was given. */
  inspectMs: 10_000,
  /** From the first unanswered check until the tunnel counts as silent. */
  silentMs: 8_000,
  /** How long a first start waits for the PoP's answer. */
  proveMs: 10_000,
  /** Silence so long that the tunnel's details may have changed: ask the broker. */
  askAgainMs: 90_000,
  /** A wall clock that moves against the monotonic one by more than this was set, or this host slept. */
  jumpMs: 5_000,
  /** Between logins. What reaches the server stays at five in the first hour, which was SixXS's limit for an orderly client. */
  login: {
    soon: { firstMs: 5_000, mostMs: 300_000 },
    later: { firstMs: 120_000, mostMs: 1_800_000 },
    rarely: { firstMs: 600_000, mostMs: 3_600_000 },
  },
} as const;

/**
 * The first ones are quick because a PoP proves a new endpoint before traffic follows it, so that the first check after a move is
 * mostly lost; the later ones leave even a slow satellite the time to answer.
 */
const recheckMs = [200, 300, 500, 1_000, 1_000, 2_000, 4_000, 8_000, 16_000];
const recheckMostMs = 30_000;

/** How often the supervisor wants a tick: closely while quick checks are out, else once a second. */
export const tickMs = { quick: 100, calm: 1_000 } as const;

/** While no more checks than this are unanswered, ticks are quick. */
export const quickChecks = 4;

/** How long to wait for an answer before the next check, `unanswered` (1 or more) having gone out since the last answer. */
export function recheckAfterMs(unanswered: number): number {
  return recheckMs[unanswered - 1] ?? recheckMostMs;
}

/**
 * How long to wait before login number `attempt` + 1: doubling, and spread by a fifth to both sides, so that the clients of a broker that comes
 * back do not all come at once. `spread` in [0, 1) is this client's own, drawn once.
 */
export function loginAfterMs(attempt: number, patience: Exclude<Patience, "never">, spread: number): number {
  const { firstMs, mostMs } = pace.login[patience];
  const plain = Math.min(firstMs * 2 ** Math.min(attempt - 1, 20), mostMs);
  return Math.round(plain * (0.8 + 0.4 * spread));
}
